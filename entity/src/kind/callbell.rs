//! Vocabularies of the call-bell: devices, what they tell, and the calls that come of it.

use sea_orm::{DeriveActiveEnum, EnumIter};
use serde::{Deserialize, Serialize};

vocabulary! {
    /// The state of an emergency call.
    CallState {
        Ringing = "ringing" "振铃",
        Acked = "acked" "已接警",
        EnRoute = "en_route" "前往中",
        OnScene = "on_scene" "已到场",
        Resolved = "resolved" "已处置",
        Closed = "closed" "已关闭",
    }

    /// How an emergency call ended.
    CallOutcome {
        Helped = "helped" "已救助",
        Called120 = "called_120" "已转120急救",
        Called110 = "called_110" "已转110报警",
        Called119 = "called_119" "已转119消防",
        NoAccess = "no_access" "无法入户",
        FalseAlarm = "false_alarm" "误报，已核实",
        Test = "test" "测试",
        Equipment = "equipment" "设备故障",
    }

    /// How it was verified that nothing is wrong.
    Verification {
        Voice = "voice" "语音核实",
        Visit = "visit" "上门核实",
    }

    /// By what it is known that somebody arrived.
    ArrivalSource {
        Tag = "tag" "巡更点",
        Gps = "gps" "定位",
        DoorCode = "door_code" "门禁",
        Hand = "hand" "人工确认",
    }

    /// What an entry of a call's log tells.
    CallEntryKind {
        Opened = "opened" "报警",
        PressedAgain = "pressed_again" "再次按铃",
        TestDropped = "test_dropped" "测试转为求助",
        CancelRequested = "cancel_requested" "按下取消",
        Rung = "rung" "呼叫",
        NoOneOnDuty = "no_one_on_duty" "无人值班",
        KinTold = "kin_told" "通知亲属",
        Acknowledged = "acknowledged" "接警",
        Joined = "joined" "参与协助",
        LeaseRanOut = "lease_ran_out" "接警后未出发",
        Going = "going" "出发",
        GaveUp = "gave_up" "无法前往",
        ShiftOver = "shift_over" "下班未交接",
        TakenOver = "taken_over" "交接",
        NotThereYet = "not_there_yet" "未按时到场",
        Arrived = "arrived" "到场",
        CheckedIn = "checked_in" "现场报平安",
        CheckInMissed = "check_in_missed" "现场失联",
        Resolved = "resolved" "处置完毕",
        Reported = "reported" "超时说明",
        Closed = "closed" "关闭",
        Revealed = "revealed" "查看医疗信息",
        CameraViewed = "camera_viewed" "查看监控",
    }

    /// Why something that a device sent was put aside.
    QuarantineReason {
        UnknownDevice = "unknown_device" "未登记设备",
        BadSignature = "bad_signature" "签名无效",
        Malformed = "malformed" "格式错误",
        ChangedBody = "changed_body" "同一编号内容不同",
        RetiredDevice = "retired_device" "已停用设备",
        TooLarge = "too_large" "内容过长",
    }

    /// What kind of device it is.
    DeviceKind {
        Bell = "bell" "床头铃",
        Pendant = "pendant" "随身铃",
        Cord = "cord" "拉绳",
        Hub = "hub" "主机",
        Sensor = "sensor" "感应器",
    }

    /// Where a device stands.
    DeviceState {
        Active = "active" "在用",
        Silenced = "silenced" "静默",
        Retired = "retired" "停用",
    }

    /// What a device tells.
    BellKind {
        Press = "press" "按铃",
        Cancel = "cancel" "取消",
        Test = "test" "测试",
        LowBattery = "low_battery" "电量低",
        MainsLost = "mains_lost" "断电",
        MainsBack = "mains_back" "来电",
        Tamper = "tamper" "拆动",
        Fault = "fault" "故障",
        Heartbeat = "heartbeat" "心跳",
    }

    /// By which way a device's word came.
    BellSource {
        Http = "http" "HTTP",
        Mqtt = "mqtt" "MQTT",
        Phone = "phone" "电话代报",
        Patrol = "patrol" "巡查代报",
    }

    /// When somebody of a home's next of kin hears of a call.
    KinPolicy {
        Immediate = "immediate" "立即",
        OnAck = "on_ack" "接警后",
        OnConfirmed = "on_confirmed" "确认后",
        Never = "never" "不通知",
    }

    /// What a technical alarm is about.
    AlarmKind {
        Silent = "silent" "设备失联",
        LowBattery = "low_battery" "电量低",
        MainsLost = "mains_lost" "断电",
        Fault = "fault" "故障或拆动",
        TestOverdue = "test_overdue" "未做月度测试",
        FalseAlarms = "false_alarms" "误报频繁，需上门",
        Outage = "outage" "片区失联",
        Gap = "gap" "值班空档",
        Engine = "engine" "呼叫引擎异常",
    }

    /// Where a technical alarm stands.
    AlarmState {
        Open = "open" "待处理",
        Taken = "taken" "处理中",
        Settled = "settled" "已处理",
    }

    /// What stands in a community and helps who goes there.
    FixtureKind {
        Camera = "camera" "摄像机",
        PatrolPoint = "patrol_point" "巡更点",
    }

    /// By what it is known where somebody on patrol is.
    PatrolSource {
        Tag = "tag" "巡更点",
        Gps = "gps" "定位",
        Manual = "manual" "人工登记",
    }
}
