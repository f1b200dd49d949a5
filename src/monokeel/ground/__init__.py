"""What every room stands on: errors, answers, reports, settings, versions."""
