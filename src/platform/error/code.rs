//! The table of codes: word, status, title. A code is part of the contract: it is never renamed.

use super::Text;
use actix_web::http::StatusCode;

macro_rules! codes {
    ($($variant:ident $word:literal $status:ident $zh:literal $en:literal),+ $(,)?) => {
        /// What went wrong, in one word of the contract.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Code {
            $(#[doc = $en] $variant,)+
        }

        impl Code {
            /// Every code.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The word on the wire.
            #[must_use]
            pub const fn word(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }

            /// The HTTP status.
            #[must_use]
            pub const fn status(self) -> StatusCode {
                match self { $(Self::$variant => StatusCode::$status),+ }
            }

            /// The title, for people.
            #[must_use]
            pub fn title(self) -> Text {
                match self { $(Self::$variant => Text::new($zh, $en)),+ }
            }
        }
    };
}

codes! {
    // The request itself.
    MalformedBody "malformed_body" BAD_REQUEST "请求正文无法解析" "The body can't be parsed",
    MalformedPath "malformed_path" NOT_FOUND "路径参数无效" "A part of the path is not valid",
    MalformedQuery "malformed_query" BAD_REQUEST "查询参数无效" "The query can't be parsed",
    InvalidInput "invalid_input" UNPROCESSABLE_ENTITY "输入不符合要求" "The input breaks a rule",
    BodyTooLarge "body_too_large" PAYLOAD_TOO_LARGE "请求正文过大" "The body is too large",
    UnsupportedMediaType "unsupported_media_type" UNSUPPORTED_MEDIA_TYPE "不支持的内容类型" "The content type is not supported",
    MethodNotAllowed "method_not_allowed" METHOD_NOT_ALLOWED "不支持的请求方法" "The method is not allowed here",
    NotFound "not_found" NOT_FOUND "没有找到" "Not found",
    InvalidCursor "invalid_cursor" BAD_REQUEST "游标无效或属于另一列表" "The cursor is not valid, or of another list",
    // Who asks.
    Unauthenticated "unauthenticated" UNAUTHORIZED "请先登录" "Log in first",
    TokenExpired "token_expired" UNAUTHORIZED "令牌已过期" "The token has expired",
    TokenInvalid "token_invalid" UNAUTHORIZED "令牌无效" "The token is not valid",
    SessionRevoked "session_revoked" UNAUTHORIZED "会话已失效" "The session has ended",
    RefreshReused "refresh_reused" UNAUTHORIZED "刷新令牌被重复使用，会话已终止" "The refresh token was used before; the session has been ended",
    CredentialsWrong "credentials_wrong" UNAUTHORIZED "账号或凭证错误" "The account or the credential is wrong",
    SecondFactorRequired "second_factor_required" UNAUTHORIZED "需要动态口令" "A one-time password is required",
    CodeWrong "code_wrong" UNAUTHORIZED "验证码错误或已过期" "The code is wrong or has expired",
    Throttled "throttled" TOO_MANY_REQUESTS "尝试次数过多，请稍后再试" "Too many attempts; try later",
    RateLimited "rate_limited" TOO_MANY_REQUESTS "请求过于频繁，请稍后再试" "Too many requests; try later",
    Forbidden "forbidden" FORBIDDEN "没有权限" "Not allowed",
    ScopeMissing "scope_missing" FORBIDDEN "应用未获授权" "The client has no leave for that; `scope` names it",
    SeparationOfDuty "separation_of_duty" FORBIDDEN "经办与审核须为不同人员" "The one who replied may not approve",
    // Writing.
    PreconditionRequired "precondition_required" PRECONDITION_REQUIRED "缺少 If-Match" "If-Match is required",
    StaleVersion "stale_version" PRECONDITION_FAILED "数据已被他人修改，请重新读取" "The version is stale; read it again",
    IdempotencyKeyMissing "idempotency_key_missing" BAD_REQUEST "缺少 Idempotency-Key" "Idempotency-Key is required",
    IdempotencyKeyReused "idempotency_key_reused" UNPROCESSABLE_ENTITY "Idempotency-Key 已用于另一请求" "The Idempotency-Key was used with another request",
    Conflict "conflict" CONFLICT "与现有数据冲突" "It conflicts with what is there",
    // Places, services, persons.
    PhoneInvalid "phone_invalid" UNPROCESSABLE_ENTITY "电话号码无效" "That is no telephone number",
    OutsideDistrict "outside_district" UNPROCESSABLE_ENTITY "位置不在本区范围内" "The place is outside the district",
    PlaceUnknown "place_unknown" UNPROCESSABLE_ENTITY "无法确定所属社区" "The place could not be matched to a unit",
    CategoryUnknown "category_unknown" UNPROCESSABLE_ENTITY "类别不存在" "There is no such category",
    CategoryNotHere "category_not_here" UNPROCESSABLE_ENTITY "该类别在此地不适用" "The category is not valid at that place",
    TypeNotForCategory "type_not_for_category" UNPROCESSABLE_ENTITY "该类别不受理此类诉求" "The category does not take this type of request",
    FormInvalid "form_invalid" UNPROCESSABLE_ENTITY "表单填写有误" "The form breaks a rule",
    CompetenceMissing "competence_missing" UNPROCESSABLE_ENTITY "该单位没有办理此类事项的职权" "The unit lacks the powers that the category needs",
    PolicyGap "policy_gap" CONFLICT "此后将没有期限规定；请以新规定接续" "After that day nothing would rule; let another line take its place",
    // The working calendar.
    CalendarContradiction "calendar_contradiction" UNPROCESSABLE_ENTITY "日历自相矛盾" "The calendar contradicts itself",
    // A ticket's life.
    ActionNotAllowed "action_not_allowed" CONFLICT "当前状态不能进行此操作" "The action is not allowed in this state",
    ContactRequired "contact_required" CONFLICT "须先记录与诉求人的联系" "Record the first contact before the reply",
    ReturnForbidden "return_forbidden" CONFLICT "该工单禁止退单" "The ticket may be given back no more",
    ReturnWindowPast "return_window_past" CONFLICT "已超过退单期限" "The time for giving it back is over",
    CentreMustRule "centre_must_rule" FORBIDDEN "再次派单为第三次，须由中心裁定" "The next route is the third: the centre rules",
    MustDesignate "must_designate" CONFLICT "再次派单为第三次，须指定承办单位" "The next route is the third: name the unit",
    ExtensionAfterDue "extension_after_due" CONFLICT "延期须在到期前申请" "More time is asked for before it is due",
    ExtensionExhausted "extension_exhausted" CONFLICT "超出允许的延期次数或上限" "No more extensions, or not so much",
    AlreadyOpen "already_open" CONFLICT "已有进行中的同类事项" "There is one already that is not over",
    NothingOpen "nothing_open" CONFLICT "没有进行中的相应事项" "There is nothing open that it could be about",
    TasksOpen "tasks_open" CONFLICT "会办事项未完成" "Parts that other units do are not done",
    TaskToLead "task_to_lead" CONFLICT "主办单位不能作为会办单位" "The lead unit can't be called in by itself",
    MergeRing "merge_ring" CONFLICT "不能并入自身、已并单的工单，或在已有并入工单时并单" "A ticket is not merged into itself, into a merged one, or while others are merged into it",
    MergeIntoClosed "merge_into_closed" CONFLICT "目标工单不在办理中" "The other ticket is not being handled",
    ReopenWindowPast "reopen_window_past" CONFLICT "已超过重新办理期限，请重新登记" "The days for taking it up again are over; register it anew",
    UrgeTooSoon "urge_too_soon" TOO_MANY_REQUESTS "刚刚已催办，请稍后再试" "It was pressed for only just now",
    NotVerified "not_verified" CONFLICT "该理由只能在核实后、答复审核时使用；受理时须用其他理由" "That reason needs verification: it is for the review of a reply, the others are for the acceptance",
    AnotherMustDecide "another_must_decide" FORBIDDEN "申诉须由他人审核" "Somebody else decides about the appeal",
    CallbackAttemptsSpent "callback_attempts_spent" CONFLICT "已在三个时段回访未果，改由链接评价" "Three attempts reached nobody; the link remains",
    CallbackTooSoon "callback_too_soon" CONFLICT "本时段已回访过，请换一个时段" "It was tried in this part of the day; try in another one",
    QuietHours "quiet_hours" CONFLICT "诉求人免打扰时段" "The requester does not want to be disturbed now",
    CallbackTokenInvalid "callback_token_invalid" NOT_FOUND "评价链接无效或已使用" "The link is not valid or was used",
    // Emergency calls and bells.
    CallClosed "call_closed" CONFLICT "呼叫已关闭" "The call is closed, and closed is final",
    CallActionNotAllowed "call_action_not_allowed" CONFLICT "当前状态不能进行此操作" "The call does not take this action now",
    NotCallOwner "not_call_owner" FORBIDDEN "只有接警人可以这样做" "Only who has the call may say so",
    FalseAlarmNotVerified "false_alarm_not_verified" CONFLICT "误报须经语音或上门核实" "A false alarm must be verified by voice or by a visit",
    CallTestMismatch "call_test_mismatch" CONFLICT "测试呼叫须以测试结束，真实呼叫不得以测试结束" "A test ends as a test, and nothing else does",
    KinNotTold "kin_not_told" CONFLICT "尚未通知亲属" "The next of kin do not know yet",
    CallReportMissing "call_report_missing" CONFLICT "超时须先提交说明" "It was late: a report must say why",
    CallNotLate "call_not_late" CONFLICT "没有超时，无须说明" "It was not late: there is nothing to report",
    BellFlood "bell_flood" TOO_MANY_REQUESTS "无法确认的设备消息过多" "Too much came that can't be trusted; send the same again later",
    BellUnknown "bell_unknown" UNAUTHORIZED "设备未登记" "The device is not known; what it sent is kept and shown to the district",
    BellSignatureInvalid "bell_signature_invalid" UNAUTHORIZED "设备签名无效" "The signature is not the device's; what it sent is kept and shown to the district",
    BellRetired "bell_retired" CONFLICT "设备已停用" "The device is retired; what it sent is kept and shown to the district",
    BellBodyChanged "bell_body_changed" UNPROCESSABLE_ENTITY "同一事件编号的内容不同" "The event was sent before with another body; both are kept",
    BellMalformed "bell_malformed" BAD_REQUEST "设备消息格式错误" "The message can't be read; it is kept and shown to the district",
    // Files.
    FileTypeRefused "file_type_refused" UNPROCESSABLE_ENTITY "文件类型不允许或与内容不符" "The type of the file is not allowed, or it is not what it says",
    FileEmpty "file_empty" UNPROCESSABLE_ENTITY "文件为空" "The file is empty",
    // The service.
    Overloaded "overloaded" SERVICE_UNAVAILABLE "服务繁忙，请稍后再试" "The service is busy; try again",
    Unavailable "unavailable" SERVICE_UNAVAILABLE "服务暂不可用" "The service is not available",
    Internal "internal" INTERNAL_SERVER_ERROR "内部错误" "Something went wrong here",
}
