"""What flows from stage to stage. Import from the modules below: `entities` is light, the others need NumPy."""
