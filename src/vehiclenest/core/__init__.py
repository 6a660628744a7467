"""Words everybody uses: errors, identifiers, quantities, money, time, sourced constants and the words of a verdict."""
