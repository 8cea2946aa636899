"""The core's own reporters that write files."""
