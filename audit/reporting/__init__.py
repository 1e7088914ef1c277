"""What a person reads: charts, HTML, PDF, JSON."""
