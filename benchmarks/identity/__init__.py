"""Who is who, measured: a crowd of people who do not exist, every way of linking it, and what each way costs and finds."""
