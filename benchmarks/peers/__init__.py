"""What a user would pick instead, each as a competent user would write it: programs that read one source."""
