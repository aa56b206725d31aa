//! Closed vocabularies: the word in the database is the word on the wire. Each value carries its
//! Chinese term, so that there is one place where the two languages meet.

use sea_orm::{DeriveActiveEnum, EnumIter};
use serde::{Deserialize, Serialize};

macro_rules! vocabulary {
    ($($(#[doc = $doc:literal])* $name:ident { $($variant:ident = $word:literal $chinese:literal),+ $(,)? })+) => {$(
        $(#[doc = $doc])*
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, EnumIter, DeriveActiveEnum,
        )]
        #[sea_orm(rs_type = "String", db_type = "Text")]
        pub enum $name {
            $(
                #[doc = concat!($word, " ", $chinese)]
                #[serde(rename = $word)]
                #[sea_orm(string_value = $word)]
                $variant,
            )+
        }

        impl $name {
            /// Every value, in the order of the vocabulary.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The word in the database and on the wire.
            #[must_use]
            pub const fn word(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }

            /// The Chinese term.
            #[must_use]
            pub const fn chinese(self) -> &'static str {
                match self { $(Self::$variant => $chinese),+ }
            }

            /// The value that a word names.
            #[must_use]
            pub fn from_word(word: &str) -> Option<Self> {
                match word { $($word => Some(Self::$variant),)+ _ => None }
            }
        }

        // By hand: the derive would write the variants' names into the document, not the words of the wire.
        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
                let words = [$(concat!("`", $word, "` ", $chinese)),+].join(" · ");
                let description = format!("{}\n\n{words}", concat!($($doc, "\n"),*).trim().replace("\n ", " "));
                utoipa::openapi::ObjectBuilder::new()
                    .schema_type(utoipa::openapi::Type::String)
                    .enum_values(Some([$($word),+]))
                    .description(Some(description))
                    .into()
            }
        }

        impl utoipa::ToSchema for $name {
            fn name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.word())
            }
        }
    )+};
}

mod callbell;
mod client;
mod phone;
mod webhook;
mod work;

pub use callbell::{
    AlarmKind, AlarmState, ArrivalSource, BellKind, BellSource, CallEntryKind, CallOutcome, CallState,
    DeviceKind, DeviceState, FixtureKind, KinPolicy, PatrolSource, QuarantineReason, Verification,
};
pub use client::ClientScope;
pub use phone::{MissedState, PhoneCallState, PhoneEventKind};
pub use webhook::{MessageState, Signing, WebhookState};
pub use work::{FileFormat, ImportKind, LineOutcome, WorkState};

vocabulary! {
    /// What kind of unit it is.
    UnitKind {
        District = "district" "区",
        Subdistrict = "subdistrict" "街道",
        Town = "town" "镇",
        Community = "community" "社区",
        Village = "village" "村",
        Grid = "grid" "网格",
        Department = "department" "职能部门",
        Provider = "provider" "服务商",
    }

    /// A role held in a unit (岗位). What it may do stands in the policy of `access`.
    Role {
        Resident = "resident" "居民",
        Operator = "operator" "话务员",
        Dispatcher = "dispatcher" "分转员",
        Handler = "handler" "经办人",
        UnitLead = "unit_lead" "单位负责人",
        StreetManager = "street_manager" "街道管理员",
        Arbiter = "arbiter" "派单异议审核",
        CallbackAgent = "callback_agent" "回访员",
        Supervisor = "supervisor" "督办员",
        KnowledgeEditor = "knowledge_editor" "知识库编辑",
        Analyst = "analyst" "分析员",
        DutyOfficer = "duty_officer" "值班员",
        Provider = "provider" "服务商",
        SystemAdmin = "system_admin" "系统管理员",
        SecurityAdmin = "security_admin" "安全管理员",
        Auditor = "auditor" "审计管理员",
        Integration = "integration" "开放平台应用",
    }

    /// What the caller wants (DB12/T 1438-2025: six types).
    RequestType {
        Consult = "consult" "咨询",
        Help = "help" "求助",
        Complaint = "complaint" "投诉",
        Report = "report" "举报",
        Suggestion = "suggestion" "建议",
        Praise = "praise" "表扬",
    }

    /// How urgent a ticket is.
    Urgency {
        P0 = "p0" "特急",
        P1 = "p1" "紧急",
        P2 = "p2" "一般",
        P3 = "p3" "低",
    }

    /// The way by which a request came in.
    Channel {
        Phone = "phone" "电话",
        App = "app" "移动端",
        Web = "web" "网站",
        Kiosk = "kiosk" "触摸屏",
        Tv = "tv" "数字电视",
        Callbell = "callbell" "平安救助铃",
        Patrol = "patrol" "巡查",
        Partner = "partner" "平台转办",
    }

    /// The state of a ticket's life. Rework is `in_progress` with a round above 1.
    TicketState {
        Registered = "registered" "待受理",
        Rejected = "rejected" "不予受理",
        Redirected = "redirected" "已转出",
        PendingDispatch = "pending_dispatch" "待派单",
        Dispatched = "dispatched" "待签收",
        InProgress = "in_progress" "办理中",
        ReturnReview = "return_review" "退单待审",
        Suspended = "suspended" "挂起",
        ReplyReview = "reply_review" "答复待审",
        Callback = "callback" "待回访",
        Closed = "closed" "结案",
        Withdrawn = "withdrawn" "已撤单",
        Merged = "merged" "已并单",
        Archived = "archived" "归档",
    }

    /// What came of a ticket.
    TicketResult {
        Answered = "answered" "即答",
        Solved = "solved" "实际解决",
        Explained = "explained" "解释说明",
        Partly = "partly" "部分解决",
        Unsolved = "unsolved" "未解决",
    }

    /// What an entry of the timeline tells: the past of a command.
    EntryKind {
        Registered = "registered" "登记",
        AnsweredNow = "answered_now" "即答",
        Rejected = "rejected" "不予受理",
        Redirected = "redirected" "转出",
        Accepted = "accepted" "受理",
        Dispatched = "dispatched" "派单",
        Pooled = "pooled" "进入派单池",
        Signed = "signed" "签收",
        Assigned = "assigned" "指派",
        FirstContact = "first_contact" "先行联系",
        Noted = "noted" "进展",
        Supplemented = "supplemented" "补充",
        Replied = "replied" "答复",
        Approved = "approved" "答复通过",
        SentBack = "sent_back" "答复退回",
        CallbackAttempted = "callback_attempted" "回访未接通",
        CalledBack = "called_back" "回访",
        Rated = "rated" "评价",
        Reworked = "reworked" "重办",
        Closed = "closed" "结案",
        Withdrawn = "withdrawn" "撤单",
        Overdue = "overdue" "超期",
        Recounted = "recounted" "时限重算",
        Reminded = "reminded" "临期提醒",
        Escalated = "escalated" "升级",
        ReturnRequested = "return_requested" "申请退单",
        ReturnApproved = "return_approved" "同意退单",
        ReturnRefused = "return_refused" "不同意退单",
        Reassigned = "reassigned" "改派",
        ExtensionRequested = "extension_requested" "申请延期",
        ExtensionGranted = "extension_granted" "同意延期",
        ExtensionRefused = "extension_refused" "不同意延期",
        Suspended = "suspended" "挂起",
        Resumed = "resumed" "恢复办理",
        TaskOpened = "task_opened" "会办",
        Whistled = "whistled" "吹哨",
        TaskDone = "task_done" "会办完成",
        TaskWaived = "task_waived" "会办取消",
        Merged = "merged" "并单",
        Unmerged = "unmerged" "拆单",
        Reopened = "reopened" "重新办理",
        PlanSet = "plan_set" "列为疑难件",
        MilestoneReached = "milestone_reached" "完成阶段目标",
        Supervised = "supervised" "督办",
        SupervisionAnswered = "supervision_answered" "督办回复",
        SupervisionClosed = "supervision_closed" "督办办结",
        Urged = "urged" "催办",
        Appealed = "appealed" "申诉",
        Rechecked = "rechecked" "复发回查",
        Corrected = "corrected" "更正",
        Archived = "archived" "归档",
        Imported = "imported" "导入",
    }

    /// Who did something.
    ActorKind {
        Staff = "staff" "工作人员",
        Resident = "resident" "居民",
        Client = "client" "开放平台应用",
        System = "system" "系统",
    }

    /// How the requester stands towards the matter.
    Standing {
        Myself = "in_person" "本人",
        Proxy = "proxy" "代办",
    }

    /// Lead or assisting unit.
    LegNature {
        Lead = "lead" "主办",
        Assist = "assist" "协办",
    }

    /// Which limit a clock measures.
    ClockKind {
        Accept = "accept" "受理",
        Dispatch = "dispatch" "派单",
        Sign = "sign" "签收",
        FirstContact = "first_contact" "先行联系",
        Resolve = "resolve" "办结",
        Approve = "approve" "审核",
        Callback = "callback" "回访",
        Return = "return" "退单",
        Arbitrate = "arbitrate" "退单审核",
        Task = "task" "会办",
        Whistle = "whistle" "吹哨",
        Supervise = "supervise" "督办",
        Milestone = "milestone" "阶段目标",
    }

    /// A small life beside the ticket's own.
    ProceedingKind {
        Return = "return" "退单",
        Extension = "extension" "延期",
        Suspension = "suspension" "挂起",
        Task = "task" "会办",
        Whistle = "whistle" "吹哨",
        Milestone = "milestone" "阶段目标",
        Supervision = "supervision" "督办",
    }

    /// Where a proceeding stands.
    ProceedingState {
        Open = "open" "进行中",
        Answered = "answered" "已回复",
        Granted = "granted" "已同意",
        Refused = "refused" "未同意",
        Done = "done" "已完成",
        Waived = "waived" "已取消",
        Lapsed = "lapsed" "已失效",
    }

    /// On which ground a unit gives a ticket back (退单理由).
    ReturnGround {
        NotOurDuty = "not_our_duty" "不属本单位职责",
        NotOurArea = "not_our_area" "不属本单位辖区",
        NoPower = "no_power" "无相应执法、审批权限",
        DutyMoved = "duty_moved" "职责已划转",
        SeveralUnits = "several_units" "涉及多部门，应由他方牵头",
    }

    /// In what a limit is counted. Minutes run day and night; the others use the calendar.
    LimitUnit {
        Minutes = "minutes" "分钟",
        WorkingHours = "working_hours" "工作小时",
        WorkingDays = "working_days" "工作日",
        CalendarDays = "calendar_days" "自然日",
    }

    /// At what of a ticket somebody looked.
    Looked {
        Ticket = "ticket" "查阅工单",
        Requester = "requester" "查看诉求人信息",
        Attachment = "attachment" "查看附件",
    }

    /// What the working calendar says of a day.
    DayKind {
        Working = "working" "工作日",
        MakeUp = "make_up" "调休上班日",
        Weekend = "weekend" "周末",
        Holiday = "holiday" "放假",
    }

    /// Whether a day counts towards a limit, or why it does not.
    Counting {
        Counted = "counted" "计入",
        DayOfReceipt = "day_of_receipt" "收到当日不计",
        Weekend = "weekend" "周末不计",
        Holiday = "holiday" "放假不计",
        Closure = "closure" "临时停工不计",
        OutsideHours = "outside_hours" "工作时间外不计",
        Paused = "paused" "挂起期间不计",
    }

    /// A day of the weekend, on which some units work as well.
    WeekendDay {
        Saturday = "saturday" "星期六",
        Sunday = "sunday" "星期日",
    }

    /// How near a clock that runs is to its end: yellow from 70 per cent of the limit, orange from 90, red when it is
    /// overdue.
    Lamp {
        Green = "green" "绿灯",
        Yellow = "yellow" "黄灯",
        Orange = "orange" "橙灯",
        Red = "red" "红灯",
    }

    /// Person or merchant.
    ResidentKind {
        Person = "person" "个人",
        Merchant = "merchant" "商户",
    }

    /// A label of the register. Labels are sensitive: shown to those who handle a matter only.
    ResidentLabel {
        Elderly = "elderly" "老年人",
        Disabled = "disabled" "残疾人",
        Veteran = "veteran" "退役军人",
        LowIncome = "low_income" "低保",
        LivesAlone = "lives_alone" "独居",
        SpecialFamily = "special_family" "计生特殊家庭",
    }

    /// How a notice reaches a person.
    NoticeChannel {
        Sms = "sms" "短信",
        Voice = "voice" "语音电话",
        Email = "email" "邮件",
        Webhook = "webhook" "推送",
        InApp = "in_app" "站内信",
    }

    /// Which notices go first.
    Lane {
        Emergency = "emergency" "救助",
        Urgent = "urgent" "紧急",
        Normal = "normal" "一般",
        Bulk = "bulk" "批量",
    }

    /// How far a notice has come.
    NoticeState {
        Pending = "pending" "待发送",
        Sent = "sent" "已发送",
        Dead = "dead" "发送失败",
    }

    /// Where an entry of the catalogue stands.
    ServiceState {
        Proposed = "proposed" "待审核",
        Active = "active" "有效",
        Refused = "refused" "未通过",
    }

    /// Who owns an issue by default: the kind of unit a service names.
    ResponsibleKind {
        Community = "community" "社区",
        Subdistrict = "subdistrict" "街道",
        Department = "department" "职能部门",
        Provider = "provider" "服务商",
        Centre = "centre" "热线中心",
        ParentUnit = "parent_unit" "上一级",
    }

    /// How far an attachment has come.
    AttachmentState {
        Pending = "pending" "上传中",
        Stored = "stored" "已存",
        Bound = "bound" "已关联",
    }

    /// Who may see an attachment.
    Visibility {
        Public = "public" "公开",
        Internal = "internal" "内部",
    }

    /// How far a call-back has come.
    CallbackState {
        Open = "open" "待回访",
        Answered = "answered" "已评价",
        Lapsed = "lapsed" "未评价",
    }

    /// On duty as what.
    DutyPost {
        Duty = "duty" "值班员",
        ShiftLead = "shift_lead" "值班长",
    }

    /// Why somebody stands in for another on duty.
    StandInReason {
        Swap = "swap" "换班",
        Sick = "sick" "病假",
    }

    /// Why a request is not accepted (domain: union of national and local lists).
    RejectReason {
        Judicial = "judicial" "诉讼、仲裁、行政复议",
        Discipline = "discipline" "纪检监察",
        Petition = "petition" "信访",
        InfoDisclosure = "info_disclosure" "政府信息公开",
        OtherBranch = "other_branch" "党委、人大、政协、法院、检察院、军队",
        OutOfArea = "out_of_area" "不属本地区",
        Secret = "secret" "国家秘密、工作秘密、商业秘密",
        Privacy = "privacy" "个人隐私",
        PublicMorals = "public_morals" "违背公序良俗",
        Abuse = "abuse" "恶意骚扰或无实质诉求",
        SameMatterInProgress = "same_matter_in_progress" "同一事项正在办理",
        SameMatterDone = "same_matter_done" "同一事项已依法办结",
        AgainstPolicy = "against_policy" "不符合法律法规政策",
        Untrue = "untrue" "经核实不属实",
        Unreasonable = "unreasonable" "经核实或听证诉求不合理",
    }

    /// Lines to which a call is passed on at once.
    RedirectLine {
        Police110 = "police_110" "公安110",
        Fire119 = "fire_119" "消防119",
        Medical120 = "medical_120" "急救120",
        Traffic122 = "traffic_122" "交警122",
        LegalAid12348 = "legal_aid_12348" "法律援助12348",
        Mental12356 = "mental_12356" "心理援助12356",
    }

    /// How a unit's tickets find their person.
    Strategy {
        Manual = "manual" "岗位收件箱",
        ByPost = "by_post" "按岗位",
        LeastLoad = "least_load" "在办最少",
        RoundRobin = "round_robin" "轮流",
    }

    /// Why somebody is on leave.
    AbsenceKind {
        Annual = "annual" "年假",
        Sick = "sick" "病假",
        Personal = "personal" "事假",
        Travel = "travel" "出差",
        Training = "training" "培训",
        Other = "other" "其他",
    }

    /// To whom tickets go that somebody hands over.
    HandoverTarget {
        Person = "person" "指定人员",
        Inbox = "inbox" "岗位收件箱",
        Strategy = "strategy" "按分派策略",
    }

    /// Why tickets are handed over.
    HandoverCause {
        Asked = "asked" "人工移交",
        Disabled = "disabled" "账号停用",
        RoleEnded = "role_ended" "岗位终止",
    }

    /// Official or not yet published.
    CalendarStatus {
        Official = "official" "已公布",
        Provisional = "provisional" "未公布",
    }
}

impl RejectReason {
    /// Whether it can be known only after verification, by somebody other than who handles it (domain §6.1).
    #[must_use]
    pub const fn after_verification(self) -> bool {
        matches!(self, Self::AgainstPolicy | Self::Untrue | Self::Unreasonable)
    }
}

impl LimitUnit {
    /// Whether the working calendar counts them.
    #[must_use]
    pub const fn by_calendar(self) -> bool {
        matches!(self, Self::WorkingHours | Self::WorkingDays)
    }

    /// The most of them that makes a sensible limit: about a year.
    #[must_use]
    pub const fn most(self) -> i32 {
        match self {
            Self::Minutes => 525_600,
            Self::WorkingHours => 1_600,
            Self::WorkingDays => 250,
            Self::CalendarDays => 366,
        }
    }
}
