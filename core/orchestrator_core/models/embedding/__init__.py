"""The embedding model: found on this machine, exported once to ONNX, and run without torch."""
