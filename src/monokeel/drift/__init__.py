"""What differs from the files, each section in a module of its own."""
