from_default = "never read"
from_tfvars  = "never read"
