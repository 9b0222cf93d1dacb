"""The operations of EventBridge Scheduler by name."""

from app.wire.calls import Service
from app.wire.constraints import check_constraints
from app.wire.scheduler import groups, schedules
from app.wire.scheduler.errors import ERRORS

SCHEDULER = Service(
    "EventBridge Scheduler",
    orders={
        "CreateSchedule": schedules.create_schedule,
        "UpdateSchedule": schedules.update_schedule,
        "DeleteSchedule": schedules.delete_schedule,
        "CreateScheduleGroup": groups.create_schedule_group,
        "DeleteScheduleGroup": groups.delete_schedule_group,
        "TagResource": groups.tag_resource,
        "UntagResource": groups.untag_resource,
    },
    readings={
        "GetSchedule": schedules.get_schedule,
        "ListSchedules": schedules.list_schedules,
        "GetScheduleGroup": groups.get_schedule_group,
        "ListScheduleGroups": groups.list_schedule_groups,
        "ListTagsForResource": groups.list_tags_for_resource,
    },
    model="scheduler",
    errors=ERRORS,
    check=check_constraints,
)
