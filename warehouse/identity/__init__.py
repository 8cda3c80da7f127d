"""Who is who: from source records to persistent persons, with the reason for every link."""
