"""What the MRI steps share; the only room of science that knows nipype, ANTs and elastix."""
