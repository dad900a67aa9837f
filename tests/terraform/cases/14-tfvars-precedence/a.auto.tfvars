from_auto      = "a.auto"
from_auto_late = "a.auto"
from_auto_json = "a.auto"
