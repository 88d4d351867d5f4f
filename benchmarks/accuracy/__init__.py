"""How accurate the models are on measured data, beside what a user would otherwise pick."""
