"""What each agency promised, said once: the 22 feeds, how their files and values are read, and the verdict on each row."""
