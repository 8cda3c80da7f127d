"""The client a detention centre runs: makes its key pair, sends its release notices, keeps and checks the receipts."""
