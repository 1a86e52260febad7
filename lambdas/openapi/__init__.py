"""The API's description for programs (``document``) and for people (``reference``), made from the code that serves."""
