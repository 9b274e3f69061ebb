"""What lies beside a declaration: papers and photographs that belong to it, and drafts of what is not lodged yet."""
