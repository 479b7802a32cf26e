"""Makes Settings, mistakes and warnings of the file's text. May use base. Pure, except source, which reads the file."""
