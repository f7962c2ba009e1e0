#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "judge/execution.h"
#include "judge/order_bound.h"
#include "judge/packing.h"

// Statements written by hand: what the judges make of them.
namespace mini_infer::judge {
namespace {

using ::testing::HasSubstr;

// Values of 100 bytes each, in bytes of their own, which live throughout.
class StatementBuilder {
 public:
  int input(const std::string& name) {
    statement_.inputs.push_back(value(name));
    return statement_.inputs.back();
  }
  int step(const std::string& name, const std::vector<int>& inputs, bool overwrites = false) {
    Step step;
    step.node = "Op '" + name + "'";
    for (const int input : inputs) step.inputs.push_back({.value = input, .read = true});
    step.outputs = {value(name)};
    if (overwrites) step.overwrites = {{.output = 0, .input = 0}};
    statement_.steps.push_back(step);
    return step.outputs[0];
  }
  Statement build(const std::vector<int>& outputs) {
    statement_.outputs = outputs;
    for (Storage& storage : statement_.arena) {
      storage.last_step = static_cast<int>(statement_.steps.size()) - 1;
    }
    return statement_;
  }

 private:
  int value(const std::string& name) {
    const int number = static_cast<int>(statement_.values.size());
    statement_.values.push_back({name, 100});
    Storage storage;
    storage.name = name;
    storage.values = {number};
    storage.offset = 100 * number;
    storage.bytes = 100;
    statement_.arena.push_back(storage);
    statement_.claims.arena_bytes += 100;
    return number;
  }

  Statement statement_;
};

std::int64_t bound_of(const Statement& statement) {
  return order_bound(statement).value().value().bytes;
}

TEST(OrderBound, OfAChainIsOneStepsNeed) {
  StatementBuilder b;
  const int x = b.input("x");
  const int c = b.step("c", {b.step("b", {b.step("a", {x})})});
  EXPECT_EQ(bound_of(b.build({c})), 200);
}

TEST(OrderBound, WhatMayBeOverwrittenIsNotNeededTwice) {
  StatementBuilder b;
  const int x = b.input("x");
  const int c = b.step("c", {b.step("b", {b.step("a", {x}, true)}, true)}, true);
  EXPECT_EQ(bound_of(b.build({c})), 100);
}

TEST(OrderBound, WhatIsReadLaterIsNotOverwritten) {
  StatementBuilder b;
  const int x = b.input("x");
  const int a = b.step("a", {x}, true);
  const int c = b.step("c", {a}, true);
  const int y = b.step("y", {c, a}, true);  // a stays for this one
  EXPECT_EQ(bound_of(b.build({y})), 200);
}

// Which branch runs first is open: while one does, only x and its own result are counted.
TEST(OrderBound, CountsWhatIsThereInEveryOrder) {
  StatementBuilder b;
  const int x = b.input("x");
  const int left = b.step("left", {x});
  const int right = b.step("right", {x});
  const int y = b.step("y", {left, right});
  EXPECT_EQ(bound_of(b.build({y})), 300);  // at y: both results, and its own
}

TEST(OrderBound, AllOutputsAreThereInTheEnd) {
  StatementBuilder b;
  const int x = b.input("x");
  std::vector<int> outputs;
  for (const char* name : {"a", "b", "c"}) outputs.push_back(b.step(name, {x}));
  EXPECT_EQ(bound_of(b.build(outputs)), 300);
}

TEST(CheckOrder, RefusesABoundThatTheGraphDoesNotShow) {
  StatementBuilder b;
  const int x = b.input("x");
  Statement statement = b.build({b.step("y", {b.step("a", {x})})});
  statement.claims.lower_bound = statement.claims.order_bound = 300;
  statement.claims.order_proof = planner::Proof::kByBound;
  EXPECT_THAT(check_order(statement).status().message(), HasSubstr("the graph shows only 200"));
  statement.claims.order_proof = planner::Proof::kBySearch;
  EXPECT_FALSE(check_order(statement).value());
  statement.claims.lower_bound = statement.claims.order_bound = 200;
  statement.claims.order_proof = planner::Proof::kByBound;
  EXPECT_TRUE(check_order(statement).value());
}

TEST(CheckExecution, RefusesWhatStillIsNeeded) {
  StatementBuilder b;
  const int x = b.input("x");
  const int a = b.step("a", {x});
  const int y = b.step("y", {a, x});
  Statement statement = b.build({y});
  EXPECT_TRUE(check_execution(statement).ok());
  statement.arena[static_cast<std::size_t>(a)].offset = 0;  // where x is
  EXPECT_THAT(check_execution(statement).message(),
              HasSubstr("'a' would overwrite 'x', which is still needed, at bytes [0, 100)"));
}

TEST(CheckExecution, WantsEachValueOnceAndBeforeItIsUsed) {
  StatementBuilder b;
  const int x = b.input("x");
  const int a = b.step("a", {x});
  const Statement right = b.build({b.step("y", {a})});
  Statement late = right;
  std::swap(late.steps[0], late.steps[1]);
  EXPECT_THAT(check_execution(late).message(), HasSubstr("Op 'y' runs before what makes 'a'"));
  Statement twice = right;
  twice.steps.push_back(twice.steps.back());
  EXPECT_THAT(check_execution(twice).message(), HasSubstr("Op 'y' makes 'y' again"));
  Statement never = right;
  never.steps.pop_back();
  EXPECT_THAT(check_execution(never).message(), HasSubstr("nobody makes the graph's output 'y'"));
}

// a and b, of 4 rows of 16 and 32 bytes, are made where y = concat(a, b) has them.
class Joined {
 public:
  Joined() {
    const int x = value("x", 64, 64);
    a_ = value("a", 64, 16);
    b_ = value("b", 128, 32);
    y_ = value("y", 192, 48);
    statement.inputs = {x};
    statement.outputs = {y_};
    statement.steps = {step("a", {x}, a_), step("b", {x}, b_), step("y", {a_, b_}, y_)};
    statement.steps[2].windows = {
        {.output = 0, .input = 0, .of_output = true, .row = 0, .column = 0},
        {.output = 0, .input = 1, .of_output = true, .row = 0, .column = 16}};
    Storage input;
    input.name = "x";
    input.values = {x};
    input.bytes = 64;
    input.last_step = 2;
    Storage joined;
    joined.name = "y";
    joined.values = {a_, b_, y_};
    joined.parts = {{.value = a_, .offset = 0, .row_bytes = 16, .pitch = 48},
                    {.value = b_, .offset = 16, .row_bytes = 32, .pitch = 48}};
    joined.offset = 64;
    joined.bytes = 192;
    joined.last_step = 2;
    statement.arena = {input, joined};
    statement.claims.arena_bytes = 256;
  }

  // A step between that makes a value in a storage of its own, and is never read.
  void add_another(std::int64_t offset) {
    const int z = value("z", 16, 16);
    statement.steps.insert(statement.steps.begin() + 2, step("z", {0}, z));
    for (Storage& storage : statement.arena) ++storage.last_step;
    Storage own;
    own.name = "z";
    own.values = {z};
    own.offset = offset;
    own.bytes = 16;
    own.first_step = own.last_step = 2;
    statement.arena.push_back(own);
  }

  Part& part(int number) { return statement.arena[1].parts[static_cast<std::size_t>(number)]; }
  std::string refusal() const { return check_execution(statement).message(); }

  Statement statement;

 private:
  int value(const std::string& name, std::int64_t bytes, std::int64_t row_bytes) {
    statement.values.push_back({name, bytes, row_bytes});
    return static_cast<int>(statement.values.size()) - 1;
  }
  static Step step(const std::string& name, const std::vector<int>& inputs, int output) {
    Step step;
    step.node = "Op '" + name + "'";
    for (const int input : inputs) step.inputs.push_back({.value = input, .read = true});
    step.outputs = {output};
    return step;
  }

  int a_ = 0, b_ = 0, y_ = 0;
};

TEST(CheckExecution, PartsMayBeMadeWhereTheWholeHasThem) {
  const Joined joined;
  EXPECT_EQ(joined.refusal(), "");
  EXPECT_EQ(bound_of(joined.statement), 256);
}

TEST(CheckExecution, APartElsewhereIsOverwrittenByTheWhole) {
  Joined joined;
  joined.statement.steps[2].windows.clear();
  EXPECT_THAT(joined.refusal(), HasSubstr("'y' would overwrite 'a', which is still needed"));
}

TEST(CheckExecution, PartsDoNotOverlap) {
  Joined joined;
  joined.part(1).offset = 8;
  joined.statement.steps[2].windows[1].column = 8;
  EXPECT_THAT(joined.refusal(), HasSubstr("'y' would overwrite 'y', which is still needed"));
}

TEST(CheckExecution, RowsAreThoseOfTheWhole) {
  Joined joined;
  joined.part(0).pitch = 32;
  EXPECT_THAT(joined.refusal(), HasSubstr("would overwrite 'a', which is still needed"));
}

TEST(CheckExecution, PartsEndInsideTheirStorage) {
  Joined joined;
  joined.part(1).offset = 24;
  EXPECT_THAT(joined.refusal(), HasSubstr("'b' in storage 'y' ends outside it"));
  joined.part(1) = {.value = 2, .offset = 16, .row_bytes = 1, .pitch = std::int64_t{1} << 59};
  EXPECT_THAT(joined.refusal(), HasSubstr("ends outside it"));
  joined.part(1) = {.value = 0, .offset = 0, .row_bytes = 16, .pitch = 48};
  EXPECT_THAT(joined.refusal(), HasSubstr("'x' in storage 'y' is a part of what does not hold it"));
}

// Also where nobody has yet written: the storage is claimed whole.
TEST(CheckExecution, NothingElseGoesBetweenTheParts) {
  Joined apart;
  apart.add_another(0);
  EXPECT_THAT(apart.refusal(), HasSubstr("'z' would overwrite 'x', which is still needed"));
  Joined between;
  between.add_another(64);
  EXPECT_THAT(between.refusal(), HasSubstr("'z' would overwrite 'y', which is still needed"));
}

TEST(CheckPacking, AWorkspaceIsOfAStep) {
  StatementBuilder b;
  Statement statement = b.build({b.input("x")});  // nothing runs
  statement.arena[0].last_step = 0;
  statement.claims.lower_bound = 100;
  EXPECT_TRUE(check_packing(statement).ok());
  statement.arena[0].kind = StorageKind::kWorkspace;
  EXPECT_THAT(check_packing(statement).message(), HasSubstr("lives at steps 0..0 of 0"));
}

TEST(CheckPacking, HolesAreFree) {
  StatementBuilder b;
  const int x = b.input("x");
  Statement statement = b.build({b.step("y", {x})});
  statement.claims.lower_bound = 200;
  EXPECT_TRUE(check_packing(statement).ok());
  statement.steps[0].hole_bytes = 1;
  EXPECT_THAT(check_packing(statement).message(),
              HasSubstr("the hole of step 0, Op 'y', overlaps"));
  statement.steps[0].hole_offset = 200;
  EXPECT_THAT(check_packing(statement).message(), HasSubstr("ends outside the arena"));
}

}  // namespace
}  // namespace mini_infer::judge
