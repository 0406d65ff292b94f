# Everything runs from a fresh clone: each target first makes .venv hold what the lock file says.
# Variables: PORT, VAR_DIR, DEMO, DEBUG, DATABASE_URL, REDIS_URL, PYTHON (the interpreter to build on).

.DEFAULT_GOAL := help
.PHONY: help run test check bench reset lock
MAKEFLAGS += --no-print-directory

export PYTHONUTF8 := 1
PY := .venv/bin/python
COMPILE := .venv/bin/uv pip compile --quiet --generate-hashes --universal --python-version 3.11 \
	--no-emit-index-url --no-emit-find-links --no-header

help: ## show this list
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1\t\2/p' Makefile

run: export DEMO ?= 1
run: export DEBUG ?= 0
run: ## start everything, print `ready http://127.0.0.1:8000`; Ctrl-C stops it (PORT=8001 to move)
	@sh bootstrap requirements.txt && exec $(PY) manage.py up

# Races and journeys are measured against the clock, so nothing runs beside them.
APART := race or browser
test: ## run all tests, browser journeys included; ARGS="-k name" to choose
	@sh bootstrap requirements-dev.txt
	@sh bootstrap verifier
	@sh bootstrap miner
	@if sh bootstrap browser; then export BROWSER=1; else export BROWSER=0; fi; code=0; \
	if [ -n "$(ARGS)" ]; then $(PY) -m pytest $(ARGS) || code=$$?; else \
		$(PY) -m pytest -n 2 --dist worksteal -m "not ($(APART))" || code=$$?; \
		$(PY) -m pytest -m "$(APART)" || code=$$?; \
	fi; \
	[ "$$BROWSER" = 1 ] || echo "!!! 浏览器测试未运行 / browser tests were NOT run: see the remedy above !!!"; exit $$code

check: export DEMO := 1
check: ## lint, types, imports, templates, migrations, API schema
	@sh bootstrap requirements-dev.txt
	@echo "== 代码风格 ruff check";        .venv/bin/ruff check .
	@echo "== 格式 ruff format";           .venv/bin/ruff format --check .
	@echo "== 类型 mypy";                  $(PY) -m mypy
	@echo "== 分层 import-linter";         .venv/bin/lint-imports
	@echo "== 模板 djlint";                $(PY) -m djlint templates --lint --quiet
	@echo "== 系统检查 manage.py check";   $(PY) manage.py check
	@echo "== 迁移 makemigrations";        $(PY) -W ignore::RuntimeWarning manage.py makemigrations --check --dry-run
	@echo "== 接口 OpenAPI";               mkdir -p var && $(PY) manage.py spectacular --validate --fail-on-warn --file var/openapi.yaml
	@diff -u docs/openapi.yaml var/openapi.yaml \
		|| { echo "docs/openapi.yaml 与代码不符 / differs from the code. Remedy: cp var/openapi.yaml docs/openapi.yaml"; exit 1; }
	@echo "== 全部通过 all checks passed"

bench: export DEMO ?= 1
bench: ## measure against floors of the same run; prints a table, writes var/bench.json
	@sh bootstrap requirements.txt && exec $(PY) -m bench $(ARGS)

reset: ## remove the state below var/ (refuses while running)
	@sh bootstrap requirements.txt && PYTHONPATH=config exec $(PY) -m embedded.reset

lock: ## compile requirements*.txt anew
	@sh bootstrap requirements.txt
	@$(COMPILE) $(ARGS) -o requirements.txt requirements.in
	@$(COMPILE) $(ARGS) -c requirements.txt -o requirements-dev.txt requirements-dev.in
	@$(COMPILE) $(ARGS) -o requirements-miner.txt requirements-miner.in
	@! grep -nE '://|^ *-(f|i|-find-links|-index-url)' requirements.txt requirements-dev.txt requirements-miner.txt \
		|| { echo "锁文件含地址 / a lock file names an address"; exit 1; }
