"""Where whole files are kept: a folder, a bucket of S3, or what else fsspec knows."""
