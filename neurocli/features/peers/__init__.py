"""The best other libraries, as the benchmark runs them: one file a family, imported by `features.bench` alone."""
