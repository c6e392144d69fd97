"""More formats of secrets: those of smaller services, each with a prefix of its own.

A prefix, what follows it, and a name suffice here; ``secret_formats.py`` has those that need more. The formats are those their
issuers document, as the rules of gitleaks list them; the rules here are written anew.
"""

from __future__ import annotations

from functools import cache

from orchestrator_core.analysis.secret_formats import WORD_START, SecretFormat

_HEX, _ALNUM, _URL = "[a-f0-9]", "[A-Za-z0-9]", "[A-Za-z0-9_-]"
_UUID = f"{_HEX}{{8}}-{_HEX}{{4}}-{_HEX}{{4}}-{_HEX}{{4}}-{_HEX}{{12}}"

# Identifier, name, prefix, what follows.
_SERVICES: tuple[tuple[str, str, str, str], ...] = (
    ("aws-bedrock", "an AWS Bedrock key", "ABSK", "[A-Za-z0-9+/]{109,269}+={0,2}"),
    ("gitlab-other", "a GitLab token", "glimt-", f"{_URL}{{20,64}}+"),
    ("gitlab-other", "a GitLab token", "glffct-", f"{_URL}{{20,64}}+"),
    ("gitlab-other", "a GitLab token", "GR1348941", f"{_URL}{{20}}"),
    ("square-access", "a Square access token", "EAAA", f"{_URL}{{60}}"),
    ("facebook-token", "a Facebook token", "EAA", f"(?:[MCGB]{_ALNUM}{{60,99}}+|{_ALNUM}{{100,400}}+)"),
    ("tencent-key", "a Tencent access key", "AKID", f"{_ALNUM}{{32}}"),
    ("teams-webhook", "a Teams webhook", "webhook.office.com/webhookb2/", f"{_UUID}@{_UUID}/IncomingWebhook/{_HEX}{{32}}/{_UUID}"),
    ("heroku-key", "a Heroku key", "HRKU-AA", f"{_URL}{{58}}"),
    ("dropbox-token", "a Dropbox token", "sl.", f"(?:u[.])?{_URL}{{120,1400}}+"),
    ("perplexity-key", "a Perplexity key", "pplx-", f"{_ALNUM}{{48}}"),
    ("xai-key", "an xAI key", "xai-", f"{_ALNUM}{{70,100}}+"),
    ("docker-token", "a Docker Hub token", "dckr_", f"[po]at_{_URL}{{27,36}}+"),
    ("atlassian-token", "an Atlassian token", "ATATT3", "[A-Za-z0-9_=-]{100,250}+"),
    ("bitbucket-token", "a Bitbucket token", "ATBB", f"{_ALNUM}{{32}}"),
    ("atlassian-token", "an Atlassian token", "ATCTT3", "[A-Za-z0-9_=-]{100,250}+"),
    ("airtable-token", "an Airtable token", "pat", f"{_ALNUM}{{14}}\\.{_HEX}{{64}}"),
    ("mapbox-token", "a Mapbox token", "sk.eyJ", f"{_URL}{{20,300}}+\\.{_URL}{{20,40}}+"),
    ("rubygems-key", "a RubyGems key", "rubygems_", f"{_HEX}{{48}}"),
    ("doppler-token", "a Doppler token", "dp.", "(?:pt|st|ct|sa|scim|audit)[.][A-Za-z0-9_.-]{40,64}+"),
    ("pulumi-token", "a Pulumi token", "pul-", f"{_HEX}{{40}}"),
    ("figma-token", "a Figma token", "figd_", f"{_URL}{{38,60}}+"),
    ("supabase-token", "a Supabase token", "sbp_", f"{_HEX}{{40}}"),
    ("supabase-key", "a Supabase key", "sb_secret_", f"{_URL}{{20,60}}+"),
    ("netlify-token", "a Netlify token", "nfp_", f"{_ALNUM}{{36,44}}+"),
    ("tailscale-key", "a Tailscale key", "tskey-", f"[a-z]{{3,12}}-{_ALNUM}{{8,24}}-{_ALNUM}{{20,48}}+"),
    ("fly-token", "a Fly.io token", "fo1_", f"{_URL}{{43}}"),
    ("fly-token", "a Fly.io token", "FlyV1 ", "fm[0-9]_[A-Za-z0-9+/=,_-]{60,1200}+"),
    ("brevo-key", "a Brevo key", "xkeysib-", f"{_HEX}{{64}}-{_ALNUM}{{16}}"),
    ("dynatrace-token", "a Dynatrace token", "dt0c01.", "[A-Z0-9]{24}\\.[A-Z0-9]{64}"),
    ("hubspot-token", "a HubSpot token", "pat-", f"(?:na|eu)[0-9]-{_UUID}"),
    ("circleci-token", "a CircleCI token", "CCI", f"P[AR][TJ]_{_ALNUM}{{20,24}}_{_HEX}{{40}}"),
    ("sonar-token", "a SonarQube token", "sq", f"[upa]_{_HEX}{{40}}"),
    ("typeform-token", "a Typeform token", "tfp_", "[A-Za-z0-9_.=-]{59}"),
    ("langsmith-key", "a LangSmith key", "lsv2_", f"(?:pt|sk)_{_HEX}{{32}}_{_HEX}{{10}}"),
    ("alibaba-key", "an Alibaba access key", "LTAI", f"{_ALNUM}{{17,21}}+"),
    ("openshift-token", "an OpenShift token", "sha256~", f"{_URL}{{43}}"),
    ("sourcegraph-token", "a Sourcegraph token", "sgp_", f"(?:{_HEX}{{16}}_|local_)?{_HEX}{{40}}"),
    ("onepassword-token", "a 1Password service token", "ops_eyJ", "[A-Za-z0-9+/=_-]{200,1200}+"),
    ("flutterwave-key", "a Flutterwave key", "FLWSECK", f"(?:_TEST)?-{_HEX}{{12,32}}-X"),
    ("easypost-key", "an EasyPost key", "EZ", f"[AT]K{_ALNUM}{{54}}"),
    ("readme-key", "a ReadMe key", "rdme_", "[a-z0-9]{70}"),
    ("prefect-key", "a Prefect key", "pn", "[ub]_[a-zA-Z0-9]{36}"),
    ("shippo-token", "a Shippo token", "shippo_", f"(?:live|test)_{_HEX}{{40}}"),
    ("nuget-key", "a NuGet key", "oy2", "[a-z0-9]{43}"),
    ("artifactory-key", "an Artifactory key", "AKCp", f"{_ALNUM}{{60,80}}+"),
    ("artifactory-token", "an Artifactory token", "cmVmdGtu", f"{_ALNUM}{{40,80}}+"),
    ("clojars-token", "a Clojars token", "CLOJARS_", "[a-z0-9]{60}"),
    ("infracost-key", "an Infracost key", "ico-", f"{_ALNUM}{{32}}"),
    ("plaid-token", "a Plaid token", "access-", f"(?:sandbox|development|production)-{_UUID}"),
    ("buildkite-token", "a Buildkite token", "bk", f"[uaj]a_{_HEX}{{40}}"),
    ("adobe-secret", "an Adobe secret", "p8e", f"s?-{_URL}{{32}}"),
    ("notion-secret", "a Notion token", "secret_", f"{_ALNUM}{{43}}"),
    ("contentful-token", "a Contentful token", "CFPAT-", f"{_URL}{{43}}"),
    ("cloudflare-key", "a Cloudflare origin key", "v1.0-", f"{_HEX}{{24}}-{_HEX}{{146}}"),
    ("linear-key", "a Linear key", "lin_api_", f"{_ALNUM}{{40}}"),
    ("postman-key", "a Postman key", "PMAK-", f"{_HEX}{{24}}-{_HEX}{{34}}"),
    ("newrelic-key", "a New Relic key", "NRAK-", "[A-Z0-9]{27}"),
    ("notion-token", "a Notion token", "ntn_", f"{_ALNUM}{{40,50}}+"),
    ("vercel-token", "a Vercel token", "vcp_", f"{_ALNUM}{{24,60}}+"),
    ("confluent-key", "a Confluent secret", "cflt", "[A-Za-z0-9+/]{60}"),
    ("mailchimp-key", "a Mailchimp transactional key", "md-", f"{_URL}{{22}}"),
    ("harness-token", "a Harness token", "sat.", f"{_URL}{{22}}\\.{_HEX}{{24}}\\.{_ALNUM}{{20}}"),
    ("scalingo-token", "a Scalingo token", "tk-us-", f"{_URL}{{48}}"),
    ("settlemint-token", "a SettleMint token", "sm_", f"(?:pat|sat|aat)_{_ALNUM}{{16}}"),
    ("frameio-token", "a Frame.io token", "fio-u-", "[A-Za-z0-9_=-]{64}"),
    ("duffel-token", "a Duffel token", "duffel_", "(?:test|live)_[A-Za-z0-9_=-]{43}"),
    ("yandex-key", "a Yandex key", "AQVN", f"{_URL}{{35,38}}"),
    ("lob-key", "a Lob key", "live_", f"{_HEX}{{35}}"),
    ("fireworks-key", "a Fireworks key", "fw_", f"{_ALNUM}{{22,24}}"),
    ("github-app-v1", "a GitHub installation token", "v1.", f"{_HEX}{{40}}"),
)  # fmt: skip


@cache
def service_formats() -> tuple[SecretFormat, ...]:
    """The table as formats that end where the word does."""
    return tuple(
        SecretFormat(
            name,
            what,
            (prefix,),
            f"(?<!_){WORD_START}{prefix.replace('.', '[.]')}{rest}(?![A-Za-z0-9_])",
            3.0,
        )
        for name, what, prefix, rest in _SERVICES
    )
