hcl_escape = "tab\t $${literal} %%{x} \u00e9"
hcl_list = [
  3, # three
  1,
  3,
]
