"""What happened: detectors, judge, adjudication."""
