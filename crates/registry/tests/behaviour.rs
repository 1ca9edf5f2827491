//! How a registry behaves, whatever database is behind it.
//!
//! The behaviour is written as functions over a [`Stand`] in `suite/`; this
//! file runs each of them on a fresh database of each engine.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::expect_used,
    reason = "in a test a panic is the failure"
)]

mod suite;

use std::{sync::Mutex, thread};

use suite::{server::Server, stand::Stand};

/// Runs every function of the suite on an SQLite file of its own, and all of them
/// on one PostgreSQL server, each on a database of its own.
macro_rules! on_both_engines {
    ($($module:ident :: $name:ident,)+) => {
        mod on_sqlite {
            $(
                #[tokio::test]
                async fn $name() {
                    let folder = tempfile::tempdir().unwrap();
                    let address = folder.path().join("registry.db");
                    let stand = super::Stand::open(address.to_str().unwrap()).await;
                    super::suite::$module::$name(&stand).await;
                    super::end(stand).await;
                }
            )+
        }

        #[test]
        fn on_postgresql() {
            let behaviours: Vec<(&str, Behaviour)> = vec![$(
                (stringify!($module::$name), |address| in_a_runtime(async move {
                    let stand = Stand::open(&address).await;
                    suite::$module::$name(&stand).await;
                    end(stand).await;
                }))
            ),+];
            run_all(behaviours);
        }
    };
}

/// A function of the suite, on the database at an address.
type Behaviour = fn(String);

/// How many functions of the suite are tried at the same time.
const AT_ONCE: usize = 4;

fn in_a_runtime(work: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    runtime.unwrap().block_on(work);
}

/// Runs all, and names those that failed.
fn run_all(behaviours: Vec<(&'static str, Behaviour)>) {
    let server = Server::start();
    let waiting = Mutex::new(behaviours);
    let failed = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                loop {
                    let next = waiting.lock().unwrap().pop();
                    let Some((name, behaviour)) = next else {
                        break;
                    };
                    let address = server.database();
                    let thread = thread::Builder::new().name(name.to_owned());
                    if thread
                        .spawn(move || behaviour(address))
                        .unwrap()
                        .join()
                        .is_err()
                    {
                        failed.lock().unwrap().push(name);
                    }
                }
            });
        }
    });
    let failed = failed.into_inner().unwrap();
    assert!(failed.is_empty(), "failed on PostgreSQL: {failed:#?}");
}

async fn end(stand: Stand) {
    // Whatever happened, the trail of it is in order.
    assert_eq!(stand.registry.verify_audit().await.unwrap().first_bad, None);
    stand.registry.close().await;
}

on_both_engines! {
    issuing::a_collected_card_is_on_record_with_its_holder,
    issuing::a_number_is_never_given_to_a_second_student,
    issuing::a_student_has_one_live_card,
    issuing::a_listed_card_is_bound_by_the_hand_out_tap,
    issuing::a_listed_card_is_not_handed_out_as_another_chip,
    issuing::a_lone_uid_names_one_card_at_a_time,
    issuing::two_cards_with_numbers_may_share_a_uid,
    issuing::a_lost_card_that_someone_brings_is_not_handed_out,
    issuing::nobody_is_handed_a_card_who_is_not_on_record,
    issuing::of_64_hand_outs_to_one_student_one_wins,
    ledger::who_has_a_version_has_those_before,
    ledger::a_subscriber_is_heard_of_without_news,
    ledger::old_receipts_are_forgotten,
    ledger::the_latest_blocks_come_first,
    loss::a_lost_card_is_blocked_before_the_caller_hears,
    loss::a_found_card_is_unblocked,
    loss::only_the_same_chip_cancels_a_loss,
    loss::a_loss_is_not_cancelled_once_another_card_is_there,
    loss::a_new_card_takes_the_place_of_lost_and_damaged_ones,
    loss::what_a_state_does_not_allow_is_refused_with_the_state,
    loss::every_way_out_of_use_blocks,
    loss::a_card_that_nobody_has_is_not_found,
    loss::a_uid_that_two_live_cards_share_names_neither,
    registration::a_list_is_taken_in_whole,
    registration::one_bad_row_stops_all_unless_good_rows_are_wanted,
    registration::rows_are_judged_against_the_rows_before_them,
    registration::every_fault_of_a_row_has_its_column_and_reason,
    registration::the_same_list_again_changes_nothing,
    registration::a_dry_run_changes_nothing,
    roll::a_roll_puts_students_on_record_and_up_to_date,
    roll::every_row_that_cannot_be_taken_has_its_reason,
    roll::one_refused_row_stops_all_unless_good_rows_are_wanted,
    roll::a_dry_run_of_a_roll_changes_nothing,
    roll::the_same_roll_again_is_answered_again,
    roll::who_leaves_by_the_roll_gives_up_every_card,
    roll::who_left_gets_no_card,
    roll::students_are_found_by_what_is_known_of_them,
    roll::pages_of_students_follow_each_other,
    roll::all_cards_of_a_student_are_told,
    roll::a_roll_is_taken_away_on_record,
    making::a_card_is_made_step_by_step_from_request_to_hand_out,
    making::a_lost_card_is_reissued_and_linked_both_ways,
    making::everyone_for_whom_no_card_can_be_requested_has_a_reason,
    making::a_trial_order_changes_nothing_and_a_resent_one_is_answered_again,
    making::a_step_is_taken_by_all_requests_or_none,
    making::a_card_is_not_handed_out_before_it_is_delivered,
    making::a_delivered_card_waits_for_its_student_alone,
    making::what_the_factory_says_must_fit_the_record,
    making::fees_follow_the_reason_and_the_request,
    making::a_request_whose_reason_is_gone_lapses,
    making::of_64_orders_for_one_student_one_is_made,
    making::requests_are_listed_by_student_and_state,
    procedure::students_move_all_of_them_or_none,
    procedure::who_leaves_and_returns_needs_a_new_card,
    procedure::an_exchanged_card_is_taken_back_with_its_balance,
    procedure::a_damaged_card_is_handed_in_once,
    procedure::a_uid_is_blocked_as_the_card_that_changed_last,
    procedure::a_card_is_registered_once_a_school_year,
    procedure::a_damage_registered_in_error_is_taken_back_with_the_card_in_hand,
    procedure::a_card_expires_after_its_last_day,
    blacklist::a_block_by_hand_goes_by_hand,
    blacklist::a_block_from_a_state_cannot_be_removed_by_hand,
    blacklist::both_kinds_of_block_hold_side_by_side,
    blacklist::pages_keep_their_order_whatever_is_removed,
    blacklist::the_feed_tells_what_was_told_at_commit,
    blacklist::a_uid_is_blocked_while_no_live_card_bears_it,
    printed::every_form_finds_the_card,
    printed::a_card_is_found_by_what_the_hand_out_tap_showed,
    printed::all_cards_that_bear_a_print_are_given,
    printed::a_print_that_nobody_bears_finds_nothing,
    printed::clashes_are_counted_over_all_cards,
    requests::a_request_sent_twice_is_done_once,
    requests::the_first_answer_stays_though_the_card_moves_on,
    requests::a_request_id_serves_one_request,
    requests::a_hand_out_sent_again_is_recalled_whatever_card_is_in_hand,
    requests::a_cancelled_loss_is_recalled,
    requests::a_refused_request_may_be_sent_again,
    requests::every_change_has_its_version,
    requests::a_change_is_made_though_its_caller_left,
    verification::facts_tell_what_is_on_record,
    verification::a_uid_seen_with_another_number_is_noticed,
    verification::two_unbound_numbers_on_one_uid_are_both_suspect,
    verification::a_uid_that_was_bound_twice_speaks_against_neither_card,
    verification::a_sighting_is_noted_once,
    verification::a_card_known_by_its_uid_may_show_a_number,
    counts::counts_only_rise,
    counts::each_count_is_kept_apart,
    counts::only_cards_on_record_are_counted,
    counts::a_write_of_ours_may_begin_the_count_anew,
    tokens::a_token_lives_until_it_ends,
    tokens::a_live_name_is_taken,
    writes::a_write_is_open_until_it_is_closed,
    writes::a_card_has_one_open_write,
    writes::a_write_ends_once,
    writes::a_spoilt_card_goes_out_of_use_and_is_blocked,
    writes::the_card_that_is_spoilt_is_found_by_number_or_lone_uid,
    writes::a_card_that_is_out_of_use_stays_as_it_is,
    writes::a_chip_that_is_not_whole_is_not_handed_out,
    writes::a_request_begins_one_write,
    model::any_sequence_of_operations_keeps_the_rules,
}
