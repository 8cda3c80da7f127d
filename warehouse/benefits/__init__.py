"""What a household may be owed. Not built yet; later releases fill this room."""
