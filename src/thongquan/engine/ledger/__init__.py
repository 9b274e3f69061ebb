"""Double entry in whole minor units: journals that never change, corrected only by further journals."""
