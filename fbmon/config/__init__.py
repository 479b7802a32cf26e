"""The file's text becomes Settings, mistakes and warnings. May use base; pure but for source, which reads the file."""
