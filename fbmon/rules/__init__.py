"""The rules that follow from the listeners' states, in names and values that every room shares. Pure; may use no other
room."""
