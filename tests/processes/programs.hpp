// What tests start as a second process, by its name: struere_test_process NAME ARGUMENTS…
#pragma once

int adopter(int count, char** arguments);
int copier(int count, char** arguments);
int memory_use(int count, char** arguments);
int scoped_writer(int count, char** arguments);
int trigger_host(int count, char** arguments);
