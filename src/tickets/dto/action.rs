//! What can be done to a ticket: one shape an action.

mod check;

use crate::platform::error::{Fields, Rule};
use crate::tickets::rules::lifecycle::Rating;
use chrono::NaiveDate;
use entity::id::{AttachmentId, ProceedingId, StaffId, TicketId, UnitId};
use entity::kind::{LimitUnit, RedirectLine, RejectReason, RequestType, ReturnGround, TicketResult, Urgency};
use serde::Deserialize;
use utoipa::ToSchema;

/// Texts of an action at most, in characters.
pub const TEXT_MAX: usize = 4000;

/// An answer to a call-back.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RatingIn {
    /// Whether the unit got in touch.
    #[schema(example = true)]
    pub contacted: bool,
    /// Whether the matter is solved.
    #[schema(example = true)]
    pub solved: bool,
    /// 5 very satisfied, 4 satisfied, 3 rather satisfied, 2 dissatisfied, 1 very dissatisfied (好差评).
    #[schema(minimum = 1, maximum = 5, example = 5)]
    pub satisfied: u8,
    /// In the requester's words.
    pub opinion: Option<String>,
}

impl RatingIn {
    /// Checks the score.
    pub fn parse(&self, fields: &mut Fields) -> Rating {
        if !(1..=5).contains(&self.satisfied) {
            fields.add("/satisfied", Rule::Range("1..5".into()));
        }
        Rating {
            contacted: self.contacted,
            solved: self.solved,
            satisfied: self.satisfied,
        }
    }
}

/// A limit of its own, where the policy's does not fit.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LimitIn {
    /// How many.
    #[schema(example = 3)]
    pub amount: i32,
    /// Of what.
    pub unit: LimitUnit,
}

/// A stage of a hard case.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MilestoneIn {
    /// What will be reached; the requester reads it.
    #[schema(example = "完成房屋安全鉴定")]
    pub what: String,
    /// By which day.
    #[schema(example = "2026-12-31")]
    pub due_on: NaiveDate,
}

/// A text that says why.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Reason {
    /// Fields to show: `name`, `phone`.
    #[schema(example = json!(["phone"]))]
    pub fields: Vec<String>,
    /// Why, in 3 to 200 characters; it is kept with who looked.
    #[schema(example = "核实现场地址")]
    pub reason: String,
}

/// What is to be done, told apart by `action`.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(tag = "action", rename_all = "snake_case", deny_unknown_fields)]
pub enum ActionIn {
    /// 即答: answer while the caller is on the line. From `registered`, to `closed`.
    AnswerNow {
        /// The answer, for the requester.
        #[schema(example = "羊桥社区服务中心工作日 9:00-12:00、13:00-18:00 办理。")]
        public_text: String,
        /// For staff.
        internal_text: Option<String>,
    },
    /// 不予受理: not accept. From `registered`, to `rejected`.
    Reject {
        /// Why.
        reason: RejectReason,
        /// The channel that is right, told to the caller.
        #[schema(example = "该事项在诉讼中，请向受理法院反映")]
        channel_told: String,
        /// More for the requester.
        public_text: Option<String>,
    },
    /// 转出: pass the call on. From `registered`, to `redirected`.
    Redirect {
        /// To which line.
        line: RedirectLine,
        /// For staff.
        #[schema(example = "来电人报告有人斗殴，已三方通话转 110")]
        internal_text: Option<String>,
    },
    /// 受理: accept, with corrections, and route. From `registered`, to `dispatched` or `pending_dispatch`.
    Accept {
        /// Another service.
        #[schema(example = "120302")]
        category: Option<String>,
        /// Another type.
        request_type: Option<RequestType>,
        /// Another urgency.
        urgency: Option<Urgency>,
    },
    /// 派单: give to a unit. From `pending_dispatch`, to `dispatched`.
    Dispatch {
        /// The unit.
        unit_id: UnitId,
        /// The person there.
        staff_id: Option<StaffId>,
        /// Why there.
        #[schema(example = "占道经营由综合执法队负责")]
        reason: String,
        /// Why although the unit lacks powers that the service needs.
        override_reason: Option<String>,
        /// Another service: what nothing could place is often filed under the wrong one.
        category: Option<String>,
        /// Another type.
        request_type: Option<RequestType>,
        /// Another urgency.
        urgency: Option<Urgency>,
    },
    /// 签收: sign for. From `dispatched`, to `in_progress`.
    Sign {},
    /// 指派: give to another person of the unit.
    Assign {
        /// To whom.
        staff_id: StaffId,
        /// Why.
        #[schema(example = "原经办人休假")]
        reason: Option<String>,
    },
    /// 改派: give to another unit without a return; the clock of the resolution goes on. From `dispatched` or
    /// `in_progress`, to `dispatched`.
    Reassign {
        /// The unit.
        unit_id: UnitId,
        /// The person there.
        staff_id: Option<StaffId>,
        /// Why there.
        #[schema(example = "事发地在相邻社区")]
        reason: String,
        /// Why although the unit lacks powers that the service needs.
        override_reason: Option<String>,
    },
    /// 退单: ask to give it back, within the window and until the third route. From `dispatched` or `in_progress`, to
    /// `return_review`; the clock of the resolution goes on.
    RequestReturn {
        /// The ground.
        ground: ReturnGround,
        /// The law, document or list of duties that says so.
        #[schema(example = "《江门市街道职责清单》第 12 项")]
        basis: String,
        /// The unit believed responsible.
        suggested_unit_id: UnitId,
        /// Why, in full.
        #[schema(example = "事发路段由区市政管养，不在本社区辖区")]
        reason: String,
    },
    /// 同意退单: agree to a return. To `dispatched` with a unit, else to `pending_dispatch`. Where the next route is the
    /// third, the centre rules and names the unit.
    ApproveReturn {
        /// The unit that gets it.
        unit_id: Option<UnitId>,
        /// The person there.
        staff_id: Option<StaffId>,
        /// The ruling, with its ground.
        #[schema(example = "依职责清单，由区城市管理和综合执法局办理")]
        reason: String,
        /// Why although the unit lacks powers that the service needs.
        override_reason: Option<String>,
        /// Whether to make it a routing rule for the service in this place.
        #[serde(default)]
        as_rule: bool,
    },
    /// 不同意退单: the unit keeps it and may not ask again. Back to where it was.
    RefuseReturn {
        /// The ruling, with its ground.
        #[schema(example = "依职责清单第 7 项，由社区先行劝导")]
        reason: String,
        /// Whether to make it a routing rule for the service in this place: to the unit that keeps it.
        #[serde(default)]
        as_rule: bool,
    },
    /// 申请延期: ask for more time before the clock of the resolution is due.
    RequestExtension {
        /// How much, in the unit of the clock.
        #[schema(example = 3)]
        amount: i32,
        /// Why; the requester reads it once more time is given.
        #[schema(example = "配件需从厂家调货，预计三个工作日到货")]
        reason: String,
    },
    /// 同意延期: give more time; one level up decides, never who asked. The requester is told the new day and why.
    GrantExtension {
        /// For staff.
        #[schema(example = "同意，请每日跟进到货情况")]
        internal_text: Option<String>,
    },
    /// 不同意延期: give no more time.
    RefuseExtension {
        /// Why not.
        #[schema(example = "现场可先行采取临时措施，不需延期")]
        reason: String,
    },
    /// 挂起: let it rest, by the centre alone; it goes on by itself after the day of review. From `in_progress`, to
    /// `suspended`; the clock of the resolution stands still.
    Suspend {
        /// The day of review, at most 30 days from now.
        #[schema(example = "2026-12-20")]
        review_on: NaiveDate,
        /// Why; the requester reads it.
        #[schema(example = "等待房屋安全鉴定报告")]
        reason: String,
    },
    /// 恢复办理: go on before the day of review. From `suspended`, to `in_progress`.
    Resume {
        /// Why, for staff.
        #[schema(example = "鉴定报告已出具")]
        reason: Option<String>,
    },
    /// 会办: ask another unit to do a part. A reply waits until it is done or waived.
    CoHandle {
        /// The other unit.
        unit_id: UnitId,
        /// What it is to do.
        #[schema(example = "请配合核查商户营业执照")]
        what: String,
        /// By when; as the policy says unless given.
        limit: Option<LimitIn>,
    },
    /// 吹哨: call in a department, which answers by a clock of its own.
    Whistle {
        /// The department.
        unit_id: UnitId,
        /// What for.
        #[schema(example = "夜间噪声超标，请到场检测")]
        what: String,
    },
    /// 会办完成: the unit that was called upon has done its part.
    FinishTask {
        /// Which.
        task_id: ProceedingId,
        /// What was done.
        #[schema(example = "已到场检测，测得 62 分贝，责令整改")]
        text: String,
    },
    /// 取消会办: the part is not needed any more.
    WaiveTask {
        /// Which.
        task_id: ProceedingId,
        /// Why not.
        #[schema(example = "当事人已自行整改")]
        reason: String,
    },
    /// 列为疑难件: a plan of milestones that the requester sees, up to 180 days from the registration; a new plan takes
    /// the place of the old one.
    SetPlan {
        /// One to twelve, in order.
        milestones: Vec<MilestoneIn>,
        /// Why it takes so long; the requester reads it.
        #[schema(example = "涉及整栋楼排水管改造，须分步实施")]
        reason: String,
    },
    /// 完成阶段目标: a milestone was reached.
    ReachMilestone {
        /// Which.
        milestone_id: ProceedingId,
        /// What was done; the requester reads it.
        #[schema(example = "鉴定已完成，报告已送达业主")]
        public_text: String,
    },
    /// 督办: supervise; the unit answers by a clock of its own.
    Supervise {
        /// What is demanded.
        #[schema(example = "同一噪声三次反映，请街道负责人到场处理")]
        reason: String,
        /// By when; as the policy says unless given.
        limit: Option<LimitIn>,
    },
    /// 督办回复: answer the supervisor.
    AnswerSupervision {
        /// The answer.
        #[schema(example = "街道已组织执法队夜间值守，附现场记录")]
        text: String,
    },
    /// 督办办结: end the supervision.
    CloseSupervision {
        /// What came of it.
        #[schema(example = "连续一周未再反映")]
        reason: Option<String>,
    },
    /// 并单: treat it as one with another; the reply there holds for it, and its requester is called back on their own.
    Merge {
        /// The other.
        into: TicketId,
        /// Why they are the same.
        #[schema(example = "同一施工点、同一时段的噪声")]
        reason: String,
    },
    /// 拆单: treat it alone again, as it was.
    Unmerge {
        /// Why.
        #[schema(example = "地点不同，分别办理")]
        reason: String,
    },
    /// 先行联系: the requester was contacted, or not reached.
    FirstContact {
        /// Whether somebody answered.
        #[schema(example = true)]
        reached: bool,
        /// How: by telephone, at the door.
        #[schema(example = "电话")]
        by: String,
        /// What was said, for staff.
        #[schema(example = "已与来电人约定今晚到场")]
        internal_text: Option<String>,
    },
    /// 进展: a note for staff, for the requester, or both.
    Note {
        /// For the requester.
        #[schema(example = "社区已联系施工方，今晚现场核实。")]
        public_text: Option<String>,
        /// For staff.
        internal_text: Option<String>,
        /// Files uploaded before; seen by those who see the text.
        #[serde(default)]
        attachments: Vec<AttachmentId>,
    },
    /// 更正: the requester says what was taken down wrong, before it is dispatched. What it was is kept.
    Correct {
        /// In one line.
        title: Option<String>,
        /// In full.
        #[schema(example = "噪声在 3 栋，不是 13 栋")]
        content: Option<String>,
        /// What is wanted.
        request_type: Option<RequestType>,
    },
    /// 催办: the requester presses for an answer, in one tap.
    Urge {
        /// In their words.
        #[schema(example = "已过三天，请尽快处理")]
        text: Option<String>,
    },
    /// 补充: what the requester adds.
    Supplement {
        /// In the requester's words.
        #[schema(example = "今晚又响到十一点，附录音")]
        text: String,
        /// Files uploaded before.
        #[serde(default)]
        attachments: Vec<AttachmentId>,
    },
    /// 答复: reply. From `in_progress`, to `reply_review`.
    #[schema(example = json!({"action": "reply", "result": "solved", "public_text": "已劝导，九点后停止使用音响，并签订承诺书。"}))]
    Reply {
        /// `solved`, `explained`, `partly` or `unsolved`.
        result: TicketResult,
        /// Why not, where it is unsolved.
        unsolved_reason: Option<String>,
        /// For the requester.
        #[schema(example = "已劝导，九点后停止使用音响，并签订承诺书。")]
        public_text: String,
        /// For staff.
        internal_text: Option<String>,
        /// Evidence uploaded before.
        #[serde(default)]
        attachments: Vec<AttachmentId>,
    },
    /// 审核通过: approve the reply; never by who replied. From `reply_review`, to `callback`.
    Approve {
        /// For staff.
        internal_text: Option<String>,
    },
    /// 退回: send the reply back. From `reply_review`, to `in_progress`.
    SendBack {
        /// Why, for staff.
        #[schema(example = "请补充现场照片")]
        reason: String,
    },
    /// 回访: what a call-back by telephone brought. From `callback`, to `closed` or `in_progress` (rework).
    #[schema(example = json!({"action": "call_back", "reached": true, "rating": {"contacted": true, "solved": true, "satisfied": 5}}))]
    CallBack {
        /// Whether somebody answered; if not, no rating.
        reached: bool,
        /// What they said.
        rating: Option<RatingIn>,
    },
    /// 评价: the requester's own rating, once a round.
    Rate {
        /// What they say.
        rating: RatingIn,
    },
    /// 申诉: appeal against a refusal, once; somebody else decides. From `rejected`, to `registered`.
    Appeal {
        /// Why.
        #[schema(example = "该事项不在诉讼中，附法院说明")]
        reason: String,
    },
    /// 重新办理: take up again what was closed, within the days that the service allows. From `closed`, to `in_progress`.
    Reopen {
        /// Why.
        #[schema(example = "噪声又出现了")]
        reason: String,
    },
    /// 撤单: the requester takes it back.
    Withdraw {
        /// Why.
        #[schema(example = "问题已自行解决")]
        reason: String,
    },
}
