variable "statements" {
  type = list(object({
    effect    = optional(string, "Allow")
    actions   = list(string)
    resources = optional(list(string), ["*"])
    condition = optional(map(map(list(string))))
  }))
  default = [
    { actions = ["s3:GetObject"], resources = ["arn:aws:s3:::b/*"] },
    { effect = "Deny", actions = ["s3:*"], condition = { Bool = { "aws:SecureTransport" = ["false"] } } },
  ]
}

resource "terraform_data" "bucket" {
  input = "b"
}

locals {
  policy = {
    Version = "2012-10-17"
    Statement = [
      for i, s in var.statements : merge(
        {
          Sid      = "S${i}"
          Effect   = s.effect
          Action   = try(one(s.actions), s.actions)
          Resource = s.resources
        },
        s.condition == null ? {} : { Condition = s.condition },
      )
    ]
  }
}

resource "terraform_data" "policy" {
  input = {
    object  = local.policy
    json    = jsonencode(local.policy)
    unknown = jsonencode({ Resource = "arn:aws:s3:::${terraform_data.bucket.id}/*" })
    heredoc = <<-POLICY
      {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "${join("\", \"", ["a", "b"])}", "Resource": "*"}]
      }
    POLICY
    parsed = jsondecode(<<-POLICY
      {"Statement": [{"Action": ${jsonencode(["x", "y"])}}]}
      POLICY
    ).Statement[0].Action
  }
}
