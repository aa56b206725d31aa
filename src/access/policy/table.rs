//! The table. A line is an operation, its words on the wire, and who may do it how far. `NoRole` are staff who hold no
//! role today.

use super::{Operation, Scope};
use entity::kind::Role;

macro_rules! operations {
    ($($name:ident $id:literal { $($role:ident: $scope:ident),* $(,)? })+) => {
        /// Everything that can be done, HTTP operations and a ticket's commands alike.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Op {
            $(#[doc = $id] $name,)+
        }

        impl Op {
            /// Every operation, in reading order.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            /// The operation's id: in the document for HTTP operations, the command's word for commands.
            #[must_use]
            pub const fn id(self) -> &'static str {
                match self { $(Self::$name => $id),+ }
            }

            /// Roles and scopes; no role for staff who hold none.
            #[must_use]
            pub const fn grants(self) -> &'static [(Option<Role>, Scope)] {
                match self { $(Self::$name => operations!(@grants $($role: $scope),*)),+ }
            }

            /// Whether no log-in is needed.
            #[must_use]
            pub const fn is_public(self) -> bool {
                self.grants().is_empty()
            }
        }

        /// Operations as types.
        pub mod op {
            use super::{Op, Operation};
            $(
                #[doc = $id]
                #[derive(Debug)]
                pub struct $name;
                impl Operation for $name {
                    const OP: Op = Op::$name;
                }
            )+
        }
    };
    (@grants Public: Everyone) => { &[] };
    (@grants $($role:ident: $scope:ident),*) => { &[$((operations!(@role $role), Scope::$scope)),*] };
    (@role NoRole) => { None };
    (@role $role:ident) => { Some(Role::$role) };
}

operations! {
    // Logging in.
    LoginStaff "login_staff" { Public: Everyone }
    RequestCode "request_code" { Public: Everyone }
    LoginWithCode "login_with_code" { Public: Everyone }
    LoginResident "login_resident" { Public: Everyone }
    RefreshSession "refresh_session" { Public: Everyone }
    GetJwks "get_jwks" { Public: Everyone }
    GetOauthMetadata "get_oauth_metadata" { Public: Everyone }
    IssueToken "issue_token" { Public: Everyone }
    ShowAuthorization "show_authorization" { Public: Everyone }
    Authorize "authorize" { Public: Everyone }
    Logout "logout" {
        Resident: Own, Operator: Own, Dispatcher: Own, Handler: Own, UnitLead: Own, StreetManager: Own, Arbiter: Own,
        CallbackAgent: Own, Supervisor: Own, KnowledgeEditor: Own, Analyst: Own, DutyOfficer: Own, Provider: Own,
        SystemAdmin: Own, SecurityAdmin: Own, Auditor: Own, NoRole: Own,
    }
    GetMe "get_me" {
        Resident: Own, Operator: Own, Dispatcher: Own, Handler: Own, UnitLead: Own, StreetManager: Own, Arbiter: Own,
        CallbackAgent: Own, Supervisor: Own, KnowledgeEditor: Own, Analyst: Own, DutyOfficer: Own, Provider: Own,
        SystemAdmin: Own, SecurityAdmin: Own, Auditor: Own, Integration: Own, NoRole: Own,
    }
    ChangePassword "change_password" {
        Resident: Own, Operator: Own, Dispatcher: Own, Handler: Own, UnitLead: Own, StreetManager: Own, Arbiter: Own,
        CallbackAgent: Own, Supervisor: Own, KnowledgeEditor: Own, Analyst: Own, DutyOfficer: Own, Provider: Own,
        SystemAdmin: Own, SecurityAdmin: Own, Auditor: Own,
    }
    ListMyApps "list_my_apps" { Resident: Own }
    RemoveMyApp "remove_my_app" { Resident: Own }
    EnrolSecondFactor "enrol_second_factor" {
        Operator: Own, Dispatcher: Own, Handler: Own, UnitLead: Own, StreetManager: Own, Arbiter: Own,
        CallbackAgent: Own, Supervisor: Own, KnowledgeEditor: Own, Analyst: Own, DutyOfficer: Own, Provider: Own,
        SystemAdmin: Own, SecurityAdmin: Own, Auditor: Own,
    }

    // The organisation and its places.
    ListUnits "list_units" { Public: Everyone }
    GetUnit "get_unit" { Public: Everyone }
    LocatePlace "locate_place" { Public: Everyone }
    CreateUnit "create_unit" { SystemAdmin: District }
    UpdateUnit "update_unit" { SystemAdmin: District }
    SucceedUnit "succeed_unit" { SystemAdmin: District }

    // Staff.
    ListStaff "list_staff" {
        Operator: District, Dispatcher: District, UnitLead: Unit, StreetManager: Subtree, Supervisor: District,
        SystemAdmin: District, SecurityAdmin: District, Auditor: District,
    }
    CreateStaff "create_staff" { SystemAdmin: District }
    DisableStaff "disable_staff" { SystemAdmin: District, SecurityAdmin: District }
    ResetPassword "reset_password" { SecurityAdmin: District }
    GrantRole "grant_role" { SecurityAdmin: District }
    RevokeRole "revoke_role" { SecurityAdmin: District }

    ListAbsences "list_absences" {
        Handler: Own, UnitLead: Unit, StreetManager: Subtree, Supervisor: District, SystemAdmin: District,
    }
    AddAbsence "add_absence" { Handler: Own, UnitLead: Unit, StreetManager: Subtree, SystemAdmin: District }
    EndAbsence "end_absence" { Handler: Own, UnitLead: Unit, StreetManager: Subtree, SystemAdmin: District }
    SetCapacity "set_capacity" { UnitLead: Unit, StreetManager: Subtree, SystemAdmin: District }
    HandOver "hand_over" { Dispatcher: District, UnitLead: Unit, StreetManager: Subtree }
    GetWorkload "get_workload" {
        Dispatcher: District, UnitLead: Unit, StreetManager: Subtree, Supervisor: District,
    }

    // The catalogue.
    ListServices "list_services" { Public: Everyone }
    GetService "get_service" { Public: Everyone }
    CreateService "create_service" { SystemAdmin: District }
    UpdateService "update_service" { SystemAdmin: District }
    ProposeService "propose_service" { UnitLead: Unit }
    DecideService "decide_service" { StreetManager: Subtree }

    // The register.
    SearchResidents "search_residents" { Operator: District, CallbackAgent: District }
    GetResident "get_resident" {
        Resident: Own, Operator: District, CallbackAgent: District, Handler: Unit, UnitLead: Unit,
        StreetManager: Subtree,
    }
    RegisterResident "register_resident" { Operator: District, Handler: Unit, UnitLead: Unit }
    UpdateResident "update_resident" { Resident: Own, Operator: District, Handler: Unit, UnitLead: Unit }
    RevealResident "reveal_resident" {
        Operator: District, CallbackAgent: District, Handler: Unit, UnitLead: Unit, StreetManager: Subtree,
    }
    AddContact "add_contact" { Resident: Own, Operator: District, Handler: Unit, UnitLead: Unit }

    // Routing and deadlines.
    SimulateRouting "simulate_routing" {
        Operator: District, Dispatcher: District, StreetManager: Subtree, Arbiter: District, Supervisor: District,
        SystemAdmin: District,
    }
    ListRules "list_rules" {
        Dispatcher: District, StreetManager: Subtree, Arbiter: District, Supervisor: District, SystemAdmin: District,
    }
    CreateRule "create_rule" { Dispatcher: District, Arbiter: District, SystemAdmin: District }
    UpdateRule "update_rule" { Dispatcher: District, SystemAdmin: District }
    ListAssignmentPolicies "list_assignment_policies" {
        Dispatcher: District, UnitLead: Unit, StreetManager: Subtree, Supervisor: District, SystemAdmin: District,
    }
    CreateAssignmentPolicy "create_assignment_policy" {
        UnitLead: Unit, StreetManager: Subtree, SystemAdmin: District,
    }
    UpdateAssignmentPolicy "update_assignment_policy" {
        UnitLead: Unit, StreetManager: Subtree, SystemAdmin: District,
    }
    ListPolicies "list_policies" {
        Operator: District, Dispatcher: District, Handler: Unit, UnitLead: Unit, StreetManager: Subtree,
        Arbiter: District, Supervisor: District, SystemAdmin: District,
    }
    SimulateDeadlines "simulate_deadlines" {
        Operator: District, Dispatcher: District, Handler: Unit, UnitLead: Unit, StreetManager: Subtree,
        Arbiter: District, CallbackAgent: District, Supervisor: District, SystemAdmin: District,
    }
    CreatePolicy "create_policy" { SystemAdmin: District }
    UpdatePolicy "update_policy" { SystemAdmin: District }
    GetCalendar "get_calendar" { Public: Everyone }
    ImportCalendar "import_calendar" { SystemAdmin: District }
    ListHours "list_hours" { Public: Everyone }
    CreateHours "create_hours" { SystemAdmin: District }
    UpdateHours "update_hours" { SystemAdmin: District }
    DeleteHours "delete_hours" { SystemAdmin: District }
    ListClosures "list_closures" { Public: Everyone }
    CreateClosure "create_closure" { SystemAdmin: District }
    UpdateClosure "update_closure" { SystemAdmin: District }
    DeleteClosure "delete_closure" { SystemAdmin: District }

    // Who is on duty.
    ListShifts "list_shifts" {
        Operator: District, Handler: Unit, UnitLead: Unit, StreetManager: Subtree, Supervisor: District,
        DutyOfficer: Unit, SystemAdmin: District,
    }
    GetShift "get_shift" {
        Operator: District, Handler: Unit, UnitLead: Unit, StreetManager: Subtree, Supervisor: District,
        DutyOfficer: Unit, SystemAdmin: District,
    }
    CreateShift "create_shift" {
        UnitLead: Unit, StreetManager: Subtree, Supervisor: District, SystemAdmin: District,
    }
    UpdateShift "update_shift" {
        UnitLead: Unit, StreetManager: Subtree, Supervisor: District, SystemAdmin: District,
    }
    DeleteShift "delete_shift" {
        UnitLead: Unit, StreetManager: Subtree, Supervisor: District, SystemAdmin: District,
    }
    AddStandIn "add_stand_in" {
        UnitLead: Unit, StreetManager: Subtree, Supervisor: District, SystemAdmin: District,
    }
    EndStandIn "end_stand_in" {
        UnitLead: Unit, StreetManager: Subtree, Supervisor: District, SystemAdmin: District,
    }
    ImportShifts "import_shifts" {
        UnitLead: Unit, StreetManager: Subtree, Supervisor: District, SystemAdmin: District,
    }
    GetDutyNow "get_duty_now" {
        Operator: District, Handler: Unit, UnitLead: Unit, StreetManager: Subtree, Supervisor: District,
        DutyOfficer: District, SystemAdmin: District,
    }
    ListGaps "list_gaps" {
        Operator: District, Handler: Unit, UnitLead: Unit, StreetManager: Subtree, Supervisor: District,
        DutyOfficer: Unit, SystemAdmin: District,
    }
    GetDutyContact "get_duty_contact" {
        Operator: Own, Handler: Own, UnitLead: Unit, StreetManager: Subtree, Supervisor: Own, DutyOfficer: Own,
        SystemAdmin: District,
    }
    PutDutyContact "put_duty_contact" {
        Operator: Own, Handler: Own, UnitLead: Unit, StreetManager: Subtree, Supervisor: Own, DutyOfficer: Own,
        SystemAdmin: District,
    }

    // Administration.
    ListSettings "list_settings" { SystemAdmin: District, Auditor: District }
    PutSetting "put_setting" { SystemAdmin: District }
    ListClients "list_clients" { SecurityAdmin: District, Auditor: District }
    CreateClient "create_client" { SecurityAdmin: District }
    UpdateClient "update_client" { SecurityAdmin: District }
    RevokeClient "revoke_client" { SecurityAdmin: District }
    AddClientSecret "add_client_secret" { SecurityAdmin: District }
    RevokeClientSecret "revoke_client_secret" { SecurityAdmin: District }
    RotateKey "rotate_key" { SecurityAdmin: District }
    ListAudit "list_audit" { Auditor: District }
    ListDeadNotices "list_dead_notices" { SystemAdmin: District }
    ResendNotice "resend_notice" { SystemAdmin: District }

    // Events, for other systems.
    ListEvents "list_events" {
        Integration: Subtree, Operator: District, Dispatcher: District, Handler: Unit, UnitLead: Unit,
        StreetManager: Subtree, Supervisor: District, SystemAdmin: District,
    }
    ListWebhooks "list_webhooks" { Integration: Own, SystemAdmin: District, Auditor: District }
    GetWebhook "get_webhook" { Integration: Own, SystemAdmin: District, Auditor: District }
    CreateWebhook "create_webhook" { Integration: Own, SystemAdmin: District }
    UpdateWebhook "update_webhook" { Integration: Own, SystemAdmin: District }
    DeleteWebhook "delete_webhook" { Integration: Own, SystemAdmin: District }
    RotateWebhookSecret "rotate_webhook_secret" { Integration: Own, SystemAdmin: District }
    TestWebhook "test_webhook" { Integration: Own, SystemAdmin: District }
    ListWebhookMessages "list_webhook_messages" { Integration: Own, SystemAdmin: District, Auditor: District }
    ResendWebhookMessage "resend_webhook_message" { Integration: Own, SystemAdmin: District }
    ResendDeadMessages "resend_dead_messages" { Integration: Own, SystemAdmin: District }

    // Telephony.
    RecordPhoneEvent "record_phone_event" { Integration: Own }
    ListPhoneCalls "list_phone_calls" { Operator: District, CallbackAgent: District, Supervisor: District }
    GetPhoneCall "get_phone_call" { Operator: District, CallbackAgent: District, Supervisor: District }
    StreamPhoneCalls "stream_phone_calls" { Operator: District }
    RecordCallBack "record_call_back" { Operator: District, CallbackAgent: District }
    GetPhoneFigures "get_phone_figures" { Supervisor: District, Analyst: District }

    // Notices.
    ListNotices "list_notices" {
        Resident: Own, Operator: Own, Dispatcher: Own, Handler: Own, UnitLead: Own, StreetManager: Own, Arbiter: Own,
        CallbackAgent: Own, Supervisor: Own, DutyOfficer: Own, Provider: Own, SystemAdmin: Own,
    }
    ReadNotice "read_notice" {
        Resident: Own, Operator: Own, Dispatcher: Own, Handler: Own, UnitLead: Own, StreetManager: Own, Arbiter: Own,
        CallbackAgent: Own, Supervisor: Own, DutyOfficer: Own, Provider: Own, SystemAdmin: Own,
    }

    // Tickets.
    UploadAttachment "upload_attachment" {
        Resident: Own, Integration: Own, Operator: District, Dispatcher: District, Handler: Unit, UnitLead: Unit,
        StreetManager: Subtree, CallbackAgent: District,
    }
    GetAttachment "get_attachment" {
        Resident: Own, Integration: Own, Operator: District, Dispatcher: District, Handler: Unit, UnitLead: Unit,
        StreetManager: Subtree, Arbiter: District, CallbackAgent: District, Supervisor: District,
    }
    RegisterTicket "register_ticket" {
        Resident: Own, Integration: Own, Operator: District, Handler: Unit, UnitLead: Unit,
    }
    LookUpTicket "look_up_ticket" { Public: Everyone }
    IdentifyCaller "identify_caller" { Operator: District }
    FindSimilar "find_similar" { Resident: Own, Operator: District, Dispatcher: District }
    ListTickets "list_tickets" {
        Resident: Own, Integration: Own, Operator: District, Dispatcher: District, Handler: Unit, UnitLead: Unit,
        StreetManager: Subtree, Arbiter: District, CallbackAgent: District, Supervisor: District, Analyst: District,
        Auditor: District,
    }
    ImportResidents "import_residents" { SystemAdmin: District }
    ImportStaff "import_staff" { SystemAdmin: District }
    ImportTickets "import_tickets" { SystemAdmin: District }
    ListImports "list_imports" { SystemAdmin: Own }
    GetImport "get_import" { SystemAdmin: Own }
    ListImportLines "list_import_lines" { SystemAdmin: Own }
    DeleteImport "delete_import" { SystemAdmin: Own }
    CreateExport "create_export" {
        Integration: Own, UnitLead: Unit, StreetManager: Subtree, Supervisor: District, Analyst: District,
        Auditor: District,
    }
    ListExports "list_exports" {
        Integration: Own, UnitLead: Own, StreetManager: Own, Supervisor: Own, Analyst: Own, Auditor: Own,
    }
    GetExport "get_export" {
        Integration: Own, UnitLead: Own, StreetManager: Own, Supervisor: Own, Analyst: Own, Auditor: Own,
    }
    GetExportFile "get_export_file" {
        Integration: Own, UnitLead: Own, StreetManager: Own, Supervisor: Own, Analyst: Own, Auditor: Own,
    }
    DeleteExport "delete_export" {
        Integration: Own, UnitLead: Own, StreetManager: Own, Supervisor: Own, Analyst: Own, Auditor: Own,
    }
    CountQueues "count_queues" {
        Operator: District, Dispatcher: District, Handler: Unit, UnitLead: Unit, StreetManager: Subtree,
        Arbiter: District, CallbackAgent: District, Supervisor: District, Analyst: District,
    }
    GetDesk "get_desk" { UnitLead: Unit, StreetManager: Subtree, Arbiter: District, Supervisor: District }
    GetFigures "get_figures" { UnitLead: Unit, StreetManager: Subtree, Supervisor: District, Analyst: District }
    ActInBulk "act_in_bulk" {
        Dispatcher: District, UnitLead: Unit, StreetManager: Subtree, Arbiter: District, Supervisor: District,
    }
    GetTicket "get_ticket" {
        Resident: Own, Integration: Own, Operator: District, Dispatcher: District, Handler: Unit, UnitLead: Unit,
        StreetManager: Subtree, Arbiter: District, CallbackAgent: District, Supervisor: District, Analyst: District,
        Auditor: District,
    }
    GetDeadlines "get_deadlines" {
        Resident: Own, Integration: Own, Operator: District, Dispatcher: District, Handler: Unit, UnitLead: Unit,
        StreetManager: Subtree, Arbiter: District, CallbackAgent: District, Supervisor: District, Auditor: District,
    }
    GetHands "get_hands" {
        Resident: Own, Integration: Own, Operator: District, Dispatcher: District, Handler: Unit, UnitLead: Unit,
        StreetManager: Subtree, Arbiter: District, CallbackAgent: District, Supervisor: District, Auditor: District,
    }
    GetAccessLog "get_access_log" {
        Resident: Own, Integration: Own, Supervisor: District, Auditor: District,
    }
    GetReceipt "get_receipt" { Resident: Own, Integration: Own, Operator: District }
    VerifyTicket "verify_ticket" {
        Resident: Own, Integration: Own, Operator: District, Dispatcher: District, Handler: Unit, UnitLead: Unit,
        StreetManager: Subtree, Arbiter: District, CallbackAgent: District, Supervisor: District, Auditor: District,
    }
    RevealRequester "reveal_requester" {
        Operator: District, CallbackAgent: District, Handler: Unit, UnitLead: Unit, StreetManager: Subtree,
        Supervisor: District,
    }
    ActOnTicket "act_on_ticket" {
        Resident: Own, Integration: Own, Operator: District, Dispatcher: District, Handler: Unit, UnitLead: Unit,
        StreetManager: Subtree, Arbiter: District, CallbackAgent: District, Supervisor: District,
    }
    GetWorkSlip "get_work_slip" {
        Operator: District, Dispatcher: District, Handler: Unit, UnitLead: Unit, StreetManager: Subtree,
        Supervisor: District, Provider: Unit,
    }
    GetPrecedents "get_precedents" { StreetManager: Subtree, Arbiter: District, Supervisor: District }
    GetCallback "get_callback" { Public: Everyone }
    AnswerCallback "answer_callback" { Public: Everyone }

    // Commands of a ticket: what `act_on_ticket` carries.
    AnswerNow "answer_now" { Operator: District }
    Reject "reject" { Operator: District, Supervisor: District }
    Redirect "redirect" { Operator: District }
    Accept "accept" { Operator: District }
    Dispatch "dispatch" { Dispatcher: District, StreetManager: Subtree }
    Sign "sign" { Handler: Unit, UnitLead: Unit }
    Assign "assign" { UnitLead: Unit }
    FirstContact "first_contact" {
        Handler: Unit, UnitLead: Unit, Operator: District, CallbackAgent: District,
    }
    Note "note" {
        Operator: District, Dispatcher: District, Handler: Unit, UnitLead: Unit, StreetManager: Subtree,
        CallbackAgent: District, Supervisor: District,
    }
    Supplement "supplement" { Resident: Own, Integration: Own, Operator: District }
    Correct "correct" { Resident: Own, Integration: Own, Operator: District }
    Reply "reply" { Handler: Unit, UnitLead: Unit }
    Approve "approve" { UnitLead: Unit, StreetManager: Subtree, Supervisor: District }
    SendBack "send_back" { UnitLead: Unit, StreetManager: Subtree, Supervisor: District }
    CallBack "call_back" { CallbackAgent: District }
    Rate "rate" { Resident: Own }
    Withdraw "withdraw" { Resident: Own, Integration: Own, Operator: District }
    Appeal "appeal" { Resident: Own, Integration: Own, Operator: District }
    Reopen "reopen" { Resident: Own, Integration: Own, Operator: District }
    Urge "urge" { Resident: Own, Integration: Own, Operator: District }
    Reassign "reassign" { Dispatcher: District, StreetManager: Subtree, Supervisor: District }
    RequestReturn "request_return" { Handler: Unit, UnitLead: Unit }
    ApproveReturn "approve_return" { StreetManager: Subtree, Arbiter: District }
    RefuseReturn "refuse_return" { StreetManager: Subtree, Arbiter: District }
    RequestExtension "request_extension" { Handler: Unit, UnitLead: Unit }
    GrantExtension "grant_extension" { StreetManager: Subtree, Supervisor: District }
    RefuseExtension "refuse_extension" { StreetManager: Subtree, Supervisor: District }
    Suspend "suspend" { Supervisor: District }
    Resume "resume" { Supervisor: District }
    CoHandle "co_handle" { Handler: Unit, UnitLead: Unit, StreetManager: Subtree, Supervisor: District }
    Whistle "whistle" { Handler: Unit, UnitLead: Unit, StreetManager: Subtree }
    FinishTask "finish_task" { Handler: Unit, UnitLead: Unit }
    WaiveTask "waive_task" { Handler: Unit, UnitLead: Unit, StreetManager: Subtree, Supervisor: District }
    SetPlan "set_plan" { Supervisor: District }
    ReachMilestone "reach_milestone" { Handler: Unit, UnitLead: Unit }
    Supervise "supervise" { Supervisor: District }
    AnswerSupervision "answer_supervision" { UnitLead: Unit, StreetManager: Subtree }
    CloseSupervision "close_supervision" { Supervisor: District }
    Merge "merge" { Dispatcher: District, StreetManager: Subtree, Supervisor: District }
    Unmerge "unmerge" { Dispatcher: District, StreetManager: Subtree, Supervisor: District }

    // The emergency call-bell: homes, devices and who is rung when.
    // Emergency calls. A device is known by its signature, not by a log-in.
    IngestBellEvent "ingest_bell_event" { Public: Everyone }
    ListQuarantine "list_quarantine" { Operator: District, DutyOfficer: District, Supervisor: District }
    SeeQuarantine "see_quarantine" { Operator: District, DutyOfficer: District, Supervisor: District }
    ListCalls "list_calls" {
        Operator: District, Handler: Unit, UnitLead: Unit, StreetManager: Subtree, Supervisor: District,
        DutyOfficer: Subtree,
    }
    StreamCalls "stream_calls" {
        Operator: District, Handler: Unit, UnitLead: Unit, StreetManager: Subtree, Supervisor: District,
        DutyOfficer: Subtree,
    }
    GetCall "get_call" {
        Operator: District, Handler: Unit, UnitLead: Unit, StreetManager: Subtree, Supervisor: District,
        DutyOfficer: Subtree,
    }
    OpenCall "open_call" {
        Operator: District, Handler: Unit, UnitLead: Unit, StreetManager: Subtree, Supervisor: District,
        DutyOfficer: Subtree,
    }
    ActOnCall "act_on_call" {
        Operator: District, Handler: Unit, UnitLead: Unit, StreetManager: Subtree, Supervisor: District,
        DutyOfficer: Subtree,
    }
    CloseCall "close_call" { StreetManager: Subtree, Supervisor: District }
    ListCallHandovers "list_call_handovers" {
        Operator: Own, Handler: Own, UnitLead: Own, StreetManager: Own, Supervisor: Own, DutyOfficer: Own,
    }
    OfferCalls "offer_calls" {
        Operator: Own, Handler: Own, UnitLead: Own, StreetManager: Own, Supervisor: Own, DutyOfficer: Own,
    }
    AcceptCalls "accept_calls" {
        Operator: Own, Handler: Own, UnitLead: Own, StreetManager: Own, Supervisor: Own, DutyOfficer: Own,
    }
    GetCallNearby "get_call_nearby" {
        Operator: District, Handler: Unit, UnitLead: Unit, StreetManager: Subtree, Supervisor: District,
        DutyOfficer: Subtree,
    }
    ViewCamera "view_camera" {
        Operator: District, Handler: Unit, UnitLead: Unit, StreetManager: Subtree, Supervisor: District,
        DutyOfficer: Subtree,
    }
    ListFixtures "list_fixtures" {
        Operator: District, Supervisor: District, SystemAdmin: District, Handler: Unit, UnitLead: Unit,
        StreetManager: Subtree, DutyOfficer: Subtree,
    }
    RegisterFixture "register_fixture" { UnitLead: Unit, StreetManager: Subtree, SystemAdmin: District }
    UpdateFixture "update_fixture" { UnitLead: Unit, StreetManager: Subtree, SystemAdmin: District }
    RemoveFixture "remove_fixture" { UnitLead: Unit, StreetManager: Subtree, SystemAdmin: District }
    RecordPatrolRead "record_patrol_read" { Handler: Unit, UnitLead: Unit, StreetManager: Subtree, DutyOfficer: Subtree }
    GetBellFigures "get_bell_figures" {
        UnitLead: Unit, StreetManager: Subtree, DutyOfficer: District, Supervisor: District, Analyst: District,
    }
    DownloadBellFigures "download_bell_figures" {
        UnitLead: Unit, StreetManager: Subtree, DutyOfficer: District, Supervisor: District, Analyst: District,
    }
    ListBellAlarms "list_bell_alarms" {
        Operator: District, Supervisor: District, SystemAdmin: District, Handler: Unit, UnitLead: Unit,
        StreetManager: Subtree, DutyOfficer: Subtree,
    }
    ActOnBellAlarm "act_on_bell_alarm" {
        Operator: District, Supervisor: District, SystemAdmin: District, Handler: Unit, UnitLead: Unit,
        StreetManager: Subtree, DutyOfficer: Subtree,
    }
    RevealCallNotes "reveal_call_notes" {
        Operator: District, Handler: Unit, UnitLead: Unit, StreetManager: Subtree, Supervisor: District,
        DutyOfficer: Subtree,
    }

    ListHomes "list_homes" {
        Operator: District, DutyOfficer: District, Supervisor: District, SystemAdmin: District, Handler: Unit,
        UnitLead: Unit, StreetManager: Subtree,
    }
    RegisterHome "register_home" {
        UnitLead: Unit, StreetManager: Subtree, SystemAdmin: District, Supervisor: District,
    }
    GetHome "get_home" {
        Operator: District, DutyOfficer: District, Supervisor: District, SystemAdmin: District, Handler: Unit,
        UnitLead: Unit, StreetManager: Subtree,
    }
    UpdateHome "update_home" {
        UnitLead: Unit, StreetManager: Subtree, SystemAdmin: District, Supervisor: District,
    }
    RevealHome "reveal_home" {
        Operator: District, DutyOfficer: District, Supervisor: District, Handler: Unit, UnitLead: Unit,
        StreetManager: Subtree,
    }
    ImportBells "import_bells" {
        UnitLead: Unit, StreetManager: Subtree, SystemAdmin: District, Supervisor: District,
    }
    ListDevices "list_devices" {
        Operator: District, DutyOfficer: District, Supervisor: District, SystemAdmin: District, Handler: Unit,
        UnitLead: Unit, StreetManager: Subtree,
    }
    RegisterDevice "register_device" {
        UnitLead: Unit, StreetManager: Subtree, SystemAdmin: District, Supervisor: District,
    }
    GetDevice "get_device" {
        Operator: District, DutyOfficer: District, Supervisor: District, SystemAdmin: District, Handler: Unit,
        UnitLead: Unit, StreetManager: Subtree,
    }
    UpdateDevice "update_device" {
        UnitLead: Unit, StreetManager: Subtree, SystemAdmin: District, Supervisor: District,
    }
    ReplaceDevice "replace_device" {
        UnitLead: Unit, StreetManager: Subtree, SystemAdmin: District, Supervisor: District,
    }
    SilenceDevice "silence_device" {
        UnitLead: Unit, StreetManager: Subtree, SystemAdmin: District, Supervisor: District,
    }
    UnsilenceDevice "unsilence_device" {
        UnitLead: Unit, StreetManager: Subtree, SystemAdmin: District, Supervisor: District,
    }
    RetireDevice "retire_device" {
        UnitLead: Unit, StreetManager: Subtree, SystemAdmin: District, Supervisor: District,
    }
    RotateDeviceSecret "rotate_device_secret" {
        UnitLead: Unit, StreetManager: Subtree, SystemAdmin: District, Supervisor: District,
    }
    OpenTestWindow "open_test_window" {
        UnitLead: Unit, StreetManager: Subtree, SystemAdmin: District, Supervisor: District,
    }
    GetLadder "get_ladder" {
        Operator: District, DutyOfficer: District, Supervisor: District, SystemAdmin: District, Handler: Unit,
        UnitLead: Unit, StreetManager: Subtree,
    }
    PutLadder "put_ladder" {
        UnitLead: Unit, StreetManager: Subtree, SystemAdmin: District, Supervisor: District,
    }
    DeleteLadder "delete_ladder" {
        UnitLead: Unit, StreetManager: Subtree, SystemAdmin: District, Supervisor: District,
    }

    // The service itself.
    GetLiveness "get_liveness" { Public: Everyone }
    GetReadiness "get_readiness" { Public: Everyone }
    GetEngineHealth "get_engine_health" { Public: Everyone }
}
