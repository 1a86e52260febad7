"""What is deployed. May import the functions' settings and the catalogue from lambdas/, nothing else of ours."""
