"""What AWS's services cost, as YAML with sources and dates, and the mix of use that prices per request are told for."""
