// Upstream's names of the flags about what is written down, for whoever offers them.

export const AUDIT_FLAGS: readonly string[] = ['audit-log-path', 'audit-policy-file', 'audit-webhook-config-file']
