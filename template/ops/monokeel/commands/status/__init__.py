"""What runs where, since when and by whom; what may go next; what moved before."""
