"""The simulation: against closed formulas, the other engines, and itself."""
