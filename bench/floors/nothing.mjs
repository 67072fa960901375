// The floor of any command: a Node program that does nothing.
