use super::*;
use crate::checklist::Change;
use crate::checklist::testing::Files;
use crate::config::policy::Effective;

/// The rules that find something, in order of line.
fn found(path: &str, text: &str) -> Vec<String> {
    let change =
        Change { files: vec![File::whole(path.into(), text.as_bytes())], ..Change::default() };
    let (project, policy) = (Files::default(), Effective::default());
    let mut hits = Vec::new();
    ErrorHandling.run(&Context { change: &change, project: &project, policy: &policy }, &mut hits);
    hits.sort_by_key(|hit| hit.lines);
    hits.into_iter().map(|hit| hit.rule).collect()
}

#[track_caller]
fn is(path: &str, text: &str, expected: &[&str]) {
    assert_eq!(found(path, text), expected, "{text}");
}

#[test]
fn python() {
    let is = |handler: &str, expected: &[&str]| {
        is("a.py", &format!("try:\n    pay()\n{handler}\n"), expected);
    };
    is("except Exception:\n    pass", &["swallowed"]);
    is("except:\n    pass", &["swallowed"]);
    is("except Exception:\n    return None", &["swallowed"]);
    is("except KeyError:\n    pass", &[]);
    is("except Exception:\n    # nobody waits for this\n    pass", &["empty"]);
    is("except Exception:\n    total = 0", &[]);
    let long =
        "try:\n    a()\n    b()\n    c()\n    d()\n    e()\nexcept Exception:\n    total = 0\n";
    assert_eq!(found("a.py", long), ["broad"]);
    is("except Exception as e:\n    result = str(e)", &[]);
    is("except Exception:\n    print('failed')", &["broad"]);
    is("except Exception as e:\n    print('failed', e)", &[]);
    is("except Exception:\n    log.exception('no payment')\n    raise", &[]);
    is("except OSError as e:\n    raise PayError('no')", &["cause-lost"]);
    is("except OSError as e:\n    raise PayError('no') from e", &[]);
    is("except OSError as e:\n    raise", &[]);
    is("except OSError as e:\n    raise e", &[]);
    is("except OSError as e:\n    logger.error('no: %s', e)", &["context-message-only"]);
    is("except OSError as e:\n    logger.error('no', exc_info=True)", &[]);
    is("except OSError as e:\n    logger.exception('no %s', e)", &["context-twice"]);
    is("except OSError:\n    logger.exception('no')", &[]);
}

#[test]
fn javascript() {
    let is = |handler: &str, expected: &[&str]| {
        is("a.js", &format!("try {{ pay(); }} {handler}\n"), expected);
        is("a.ts", &format!("try {{ pay(); }} {handler}\n"), expected);
    };
    is("catch (e) {}", &["swallowed"]);
    is("catch {}", &["swallowed"]);
    is("catch (e) { /* fine */ }", &["empty"]);
    is("catch (e) { total = 0; }", &[]);
    is("catch (e) { console.error(e); }", &[]);
    is("catch (e) { throw new Error('no'); }", &["cause-lost"]);
    is("catch (e) { throw new Error(e.message); }", &["cause-lost"]);
    is("catch (e) { throw new Error('no', { cause: e }); }", &[]);
    is("catch (e) { throw e; }", &[]);
}

#[test]
fn java() {
    let is = |handler: &str, expected: &[&str]| {
        is("A.java", &format!("class A {{ void f() {{ try {{ pay(); }} {handler} }} }}"), expected);
    };
    is("catch (Exception e) {}", &["swallowed"]);
    is("catch (CloneNotSupportedException e) {}", &["empty"]);
    is("catch (IOException ignored) {}", &[]);
    is("catch (Exception e) { total = 0; }", &[]);
    is("catch (IOException e) { throw new PayException(\"no\"); }", &["cause-lost"]);
    is("catch (IOException e) { throw new PayException(e.getMessage()); }", &["cause-lost"]);
    is("catch (IOException e) { throw new PayException(\"no\", e); }", &[]);
    is("catch (IOException e) { e.printStackTrace(); }", &["context-printed"]);
    is("catch (IOException e) { log.error(e.getMessage()); }", &["context-message-only"]);
    is("catch (IOException e) { log.error(\"no\", e); }", &[]);
    is("catch (IOException e) { e.getMessage(); }", &["context-unused"]);
    is("catch (InterruptedException e) { stop(); }", &["interrupted"]);
    is("catch (InterruptedException e) { Thread.currentThread().interrupt(); }", &[]);
}

#[test]
fn csharp() {
    let is = |handler: &str, expected: &[&str]| {
        is("A.cs", &format!("class A {{ void F() {{ try {{ Pay(); }} {handler} }} }}"), expected);
    };
    is("catch {}", &["swallowed"]);
    is("catch (Exception) {}", &["swallowed"]);
    is("catch (Exception e) { throw e; }", &["cause-rethrown"]);
    is("catch (Exception e) { throw; }", &[]);
    is("catch (IOException e) { throw new PayException(\"no\"); }", &["cause-lost"]);
    is("catch (IOException e) { throw new PayException(\"no\", e); }", &[]);
    is("catch (Exception e) { logger.LogError(e, \"no\"); }", &[]);
}

#[test]
fn php() {
    let is = |handler: &str, expected: &[&str]| {
        is("a.php", &format!("<?php\ntry {{ pay(); }} {handler}\n"), expected);
    };
    is("catch (Exception $e) {}", &["swallowed"]);
    is("catch (\\Throwable $e) { $total = 0; }", &[]);
    is("catch (PayException $e) { throw new ShopException('no'); }", &["cause-lost"]);
    is("catch (PayException $e) { throw new ShopException('no', 0, $e); }", &[]);
    is("catch (Exception $e) { error_log($e->getMessage()); }", &[]);
}

#[test]
fn ruby() {
    let is = |handler: &str, expected: &[&str]| {
        is("a.rb", &format!("begin\n  pay\n{handler}\nend\n"), expected)
    };
    is("rescue", &["swallowed"]);
    is("rescue\n  nil", &[]);
    is("rescue => e", &["swallowed"]);
    is("rescue Exception", &["swallowed"]);
    is("rescue StandardError => e\n  total = 0", &[]);
    is("rescue StandardError => e\n  logger.error(e)", &[]);
    is("rescue PayError\n  raise", &[]);
    is("rescue Exception => e\n  total = 0", &["catches-too-much"]);
}

#[test]
fn go_errors() {
    let is = |body: &str, expected: &[&str]| {
        let text = format!(
            "package p\n\nfunc own() error {{ return nil }}\n\nfunc f() error {{\n{body}\n}}\n"
        );
        is("a.go", &text, expected);
    };
    is("os.Remove(path)", &["ignored"]);
    is("own()", &["ignored"]);
    is("_ = own()", &["ignored"]);
    is("fmt.Println(1)", &[]);
    is("if err := own(); err != nil {\n}", &["swallowed"]);
    is("if err := own(); err != nil {\nreturn nil\n}", &["returns-nil"]);
    is("if err := own(); err != nil {\nreturn err\n}", &[]);
    is("if err := own(); err != nil {\nlog.Print(err)\nreturn nil\n}", &[]);
    is("return fmt.Errorf(\"no: %v\", err)", &["cause-unwrapped"]);
    is("return fmt.Errorf(\"no: %w\", err)", &[]);
}
