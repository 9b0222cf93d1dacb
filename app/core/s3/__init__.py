"""S3: which events of a bucket's objects go where, and what lifecycle rules want when."""
