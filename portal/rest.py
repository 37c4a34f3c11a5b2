"""REST settings, for this project's settings and for a host project to import."""

REST_FRAMEWORK: dict[str, object] = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "catalog.authentication.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["catalog.authentication.SignedInOrToken"],
    "DEFAULT_THROTTLE_CLASSES": ["catalog.throttling.ActorThrottle"],
    "DEFAULT_PAGINATION_CLASS": "portal.lib.api.KeysetPagination",
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["portal.lib.json_body.JSONBody"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "portal.lib.api.exception_handler",
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}

SPECTACULAR_SETTINGS: dict[str, object] = {
    "TITLE": "Portico",
    "DESCRIPTION": "Who owns it, does it keep its promise, who has it now.",
    "VERSION": "v1",
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SCHEMA_PATH_PREFIX": r"/api/v1",
    "COMPONENT_SPLIT_REQUEST": True,
    "POSTPROCESSING_HOOKS": ["drf_spectacular.hooks.postprocess_schema_enums", "catalog.api.schema.manners"],
    "ENUM_NAME_OVERRIDES": {
        "TeamRoleEnum": "catalog.models.people.Membership.Role",
        "ComponentKindEnum": "catalog.models.components.Component.Kind",
        "OriginEnum": "catalog.models.entity.Origin",
        "IntegrationKindEnum": "incidents.models.intake.Integration.Kind",
        "DeliveryStateEnum": "incidents.models.intake.Delivery.State",
        "AlertRuleEnum": "incidents.models.alert.Alert.Rule",
        "DeploymentKindEnum": "incidents.models.change.Change.Kind",
        "MessageKindEnum": "incidents.models.notification.Notification.Kind",
        "MessageStateEnum": "incidents.models.notification.Notification.State",
        "UpdateStateEnum": "incidents.models.work.StatusUpdate.State",
        "IncidentRoleEnum": "incidents.models.work.IncidentRole.Role",
        "PlatformStateEnum": "incidents.api.status.STATES",
        "RotationUnitEnum": "incidents.models.oncall.LayerVersion.Unit",
        "IncidentSeverityEnum": "incidents.models.incident.Severity.labels",
        "ReviewStateEnum": "incidents.models.review.Review.State",
        "ReviewVersionKindEnum": "incidents.models.review.ReviewVersion.Kind",
        "ActionItemStateEnum": "incidents.models.review.ActionItem.State",
        "WeekdayEnum": "incidents.policy_texts.DAYS",
        "ScoreLevelEnum": "catalog.levels.LEVELS",
        "ScoreLevelOrNoneEnum": "catalog.filters.LEVEL_NAMES",
    },
}
