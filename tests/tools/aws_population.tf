# The Terraform that would have made the account of aws_population.py with one copy of each, as people write it.

provider "aws" {
  region = "eu-west-1"
}

locals {
  kinds = { good = true, bad = false }
  trust = jsonencode({
    Version   = "2012-10-17"
    Statement = { Effect = "Allow", Action = ["sts:AssumeRole"], Principal = { Service = ["lambda.amazonaws.com"] } }
  })
}

# --- network
resource "aws_vpc" "main" {
  cidr_block = "10.0.0.0/16"
}
resource "aws_subnet" "zone" {
  for_each          = { a = 0, b = 1 }
  vpc_id            = aws_vpc.main.id
  cidr_block        = cidrsubnet(aws_vpc.main.cidr_block, 8, each.value)
  availability_zone = "eu-west-1${each.key}"
}
resource "aws_internet_gateway" "main" {
  vpc_id = aws_vpc.main.id
}
resource "aws_route_table" "public" {
  vpc_id = aws_vpc.main.id
  route {
    cidr_block = "0.0.0.0/0"
    gateway_id = aws_internet_gateway.main.id
  }
}
resource "aws_route_table_association" "public" {
  subnet_id      = aws_subnet.zone["a"].id
  route_table_id = aws_route_table.public.id
}

# --- identities
resource "aws_iam_role" "functions" {
  name               = "functions"
  assume_role_policy = local.trust
}
data "aws_iam_policy_document" "logs" {
  statement {
    actions   = ["logs:PutLogEvents"]
    resources = ["arn:aws:s3:::putlogevents"]
  }
}
resource "aws_iam_role_policy" "logs" {
  name   = "logs"
  role   = aws_iam_role.functions.id
  policy = data.aws_iam_policy_document.logs.json
}
resource "aws_iam_group" "operators" {
  name = "operators"
}
resource "aws_iam_group_policy" "read" {
  name  = "read"
  group = aws_iam_group.operators.name
  policy = <<-POLICY
    {
      "Version": "2012-10-17",
      "Statement": [{"Effect": "Allow", "Action": ["s3:ListAllMyBuckets"], "Resource": ["arn:aws:s3:::listallmybuckets"]}]
    }
  POLICY
}
resource "aws_iam_user" "people" {
  for_each = toset(["anna", "bruno"])
  name     = each.key
  tags     = { owner = "payments" }
}
resource "aws_iam_user_group_membership" "people" {
  for_each = aws_iam_user.people
  user     = each.value.name
  groups   = [aws_iam_group.operators.name]
}
resource "aws_iam_account_password_policy" "strict" {
  minimum_password_length        = 20
  require_numbers                = true
  password_reuse_prevention      = 24
  allow_users_to_change_password = false
}
resource "aws_iam_policy" "all" {
  for_each = { good = ["s3:GetObject", "arn:aws:s3:::getobject"], bad = ["*", "*"] }
  name     = "${each.key}-0"
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = each.value[0], Resource = each.value[1] }]
  })
  tags = { owner = "payments" }
}

# --- messages
resource "aws_kms_key" "shared" {
  description = "for all"
  tags        = { owner = "x" }
}
resource "aws_sqs_queue" "failed" {
  name = "good-dlq"
}
resource "aws_sqs_queue" "all" {
  for_each                   = local.kinds
  name                       = "${each.key}-0"
  visibility_timeout_seconds = 30
  redrive_policy = each.value ? jsonencode({ deadLetterTargetArn = aws_sqs_queue.failed.arn, maxReceiveCount = 5 }) : null
}
resource "aws_sns_topic" "all" {
  for_each          = local.kinds
  name              = "${each.key}-0"
  kms_master_key_id = each.value ? aws_kms_key.shared.arn : null
  tags              = { owner = "payments" }
}
resource "aws_cloudwatch_event_bus" "all" {
  for_each = local.kinds
  name     = "${each.key}-0"
}
resource "aws_cloudwatch_event_rule" "all" {
  for_each       = local.kinds
  name           = "${each.key}-0"
  event_bus_name = aws_cloudwatch_event_bus.all[each.key].name
  event_pattern  = jsonencode({ source = ["shop.orders"] })
}
resource "aws_cloudwatch_event_target" "all" {
  for_each       = local.kinds
  rule           = aws_cloudwatch_event_rule.all[each.key].name
  event_bus_name = aws_cloudwatch_event_bus.all[each.key].name
  target_id      = "${each.key}-0"
  arn            = aws_sqs_queue.failed.arn
  dynamic "dead_letter_config" {
    for_each = each.value ? [1] : []
    content {
      arn = aws_sqs_queue.failed.arn
    }
  }
  dynamic "retry_policy" {
    for_each = each.value ? [8] : []
    content {
      maximum_retry_attempts       = retry_policy.value
      maximum_event_age_in_seconds = 86400
    }
  }
}

# --- storage
resource "aws_s3_bucket" "all" {
  for_each = local.kinds
  bucket   = "${each.key}-0-orders"
}
resource "aws_s3_bucket_public_access_block" "good" {
  bucket                  = aws_s3_bucket.all["good"].id
  block_public_acls       = true
  ignore_public_acls      = true
  block_public_policy     = true
  restrict_public_buckets = true
}
resource "aws_s3_bucket_versioning" "good" {
  bucket = aws_s3_bucket.all["good"].bucket
  versioning_configuration {
    status = "Enabled"
  }
}
resource "aws_cloudwatch_log_group" "all" {
  for_each          = { good = 365, bad = 0 }
  name              = "/${each.key}-0"
  retention_in_days = each.value
}

# --- compute
resource "aws_lambda_layer_version" "all" {
  for_each   = local.kinds
  layer_name = "${each.key}-0"
  filename   = "layer.zip"
}
resource "aws_lambda_function" "all" {
  for_each      = local.kinds
  function_name = "${each.key}-0"
  runtime       = "python3.13"
  handler       = "a.b"
  filename      = "code.zip"
  role          = aws_iam_role.functions.arn
  layers        = [aws_lambda_layer_version.all[each.key].arn]
  tracing_config {
    mode = each.value ? "Active" : "PassThrough"
  }
  tags = { owner = "payments" }
}
resource "aws_security_group" "all" {
  for_each    = { good = "10.0.0.0/8", bad = "0.0.0.0/0" }
  name        = "${each.key}-0"
  description = "for one"
  vpc_id      = aws_vpc.main.id
  ingress {
    protocol    = "tcp"
    from_port   = 22
    to_port     = 22
    cidr_blocks = [each.value]
  }
  egress {
    protocol    = -1
    from_port   = 0
    to_port     = 0
    cidr_blocks = ["0.0.0.0/0"]
  }
}
resource "aws_lb" "all" {
  for_each                   = local.kinds
  name                       = "${each.key}-0"
  subnets                    = [for s in aws_subnet.zone : s.id]
  security_groups            = [aws_security_group.all[each.key].id]
  drop_invalid_header_fields = each.value
  tags                       = { owner = "payments" }
}
resource "aws_sfn_state_machine" "all" {
  for_each   = local.kinds
  name       = "${each.key}-0"
  role_arn   = aws_iam_role.functions.arn
  definition = jsonencode({ States = { A = { End = true, Type = "Pass" } }, StartAt = "A" })
  logging_configuration {
    level                  = each.value ? "ALL" : "OFF"
    include_execution_data = each.value
    log_destination        = each.value ? "${aws_cloudwatch_log_group.all[each.key].arn}:*" : null
  }
}

# --- secrets
resource "aws_kms_key" "all" {
  for_each            = local.kinds
  description         = "${each.key}-0"
  enable_key_rotation = each.value
}
resource "aws_kms_alias" "all" {
  for_each      = local.kinds
  name          = "alias/${each.key}-0"
  target_key_id = aws_kms_key.all[each.key].key_id
}
resource "aws_secretsmanager_secret" "all" {
  for_each = local.kinds
  name     = "${each.key}-0"
  tags     = { owner = "payments" }
}
resource "aws_secretsmanager_secret_rotation" "good" {
  secret_id           = aws_secretsmanager_secret.all["good"].id
  rotation_lambda_arn = aws_lambda_function.all["good"].arn
  rotation_rules {
    automatically_after_days = 30
  }
}

# --- APIs
resource "aws_apigatewayv2_api" "all" {
  for_each      = { good = "https://shop.example", bad = "*" }
  name          = "${each.key}-0"
  protocol_type = "HTTP"
  cors_configuration {
    allow_origins = [each.value]
    allow_methods = ["*"]
  }
}
resource "aws_apigatewayv2_stage" "all" {
  for_each = local.kinds
  api_id   = aws_apigatewayv2_api.all[each.key].id
  name     = "live"
}
resource "aws_apigatewayv2_route" "all" {
  for_each           = { good = "AWS_IAM", bad = "NONE" }
  api_id             = aws_apigatewayv2_api.all[each.key].id
  route_key          = "GET /orders"
  authorization_type = each.value
}
resource "aws_api_gateway_rest_api" "all" {
  for_each = local.kinds
  name     = "${each.key}-0"
}
resource "aws_api_gateway_method" "all" {
  for_each      = { good = "AWS_IAM", bad = "NONE" }
  rest_api_id   = aws_api_gateway_rest_api.all[each.key].id
  resource_id   = aws_api_gateway_rest_api.all[each.key].root_resource_id
  http_method   = "GET"
  authorization = each.value
}
resource "aws_api_gateway_stage" "all" {
  for_each      = local.kinds
  rest_api_id   = aws_api_gateway_rest_api.all[each.key].id
  deployment_id = "x"
  stage_name    = "prod"
}
resource "aws_api_gateway_method_settings" "good" {
  rest_api_id = aws_api_gateway_rest_api.all["good"].id
  stage_name  = aws_api_gateway_stage.all["good"].stage_name
  method_path = "*/*"
  settings {
    throttling_rate_limit  = 50
    throttling_burst_limit = 20
  }
}

# --- once
resource "aws_wafv2_web_acl" "limits" {
  name  = "good-limits"
  scope = "REGIONAL"
  default_action {
    allow {}
  }
  rule {
    name     = "rate"
    priority = 1
    action {
      block {}
    }
    statement {
      rate_based_statement {
        limit              = 1000
        aggregate_key_type = "IP"
      }
    }
    visibility_config {
      sampled_requests_enabled   = true
      cloudwatch_metrics_enabled = true
      metric_name                = "m"
    }
  }
  visibility_config {
    sampled_requests_enabled   = true
    cloudwatch_metrics_enabled = true
    metric_name                = "m"
  }
}
resource "aws_wafv2_web_acl" "empty" {
  name  = "bad-empty"
  scope = "REGIONAL"
  default_action {
    allow {}
  }
  visibility_config {
    sampled_requests_enabled   = true
    cloudwatch_metrics_enabled = true
    metric_name                = "m"
  }
}
resource "aws_cloudtrail" "all" {
  name                       = "good-trail"
  s3_bucket_name             = aws_s3_bucket.all["good"].id
  is_multi_region_trail      = true
  enable_log_file_validation = true
}
