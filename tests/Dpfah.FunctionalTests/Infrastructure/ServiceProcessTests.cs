namespace Dpfah.FunctionalTests.Infrastructure;

public sealed class ServiceProcessTests
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task Output_of_both_streams_is_kept_and_can_be_waited_for()
    {
        await using ServiceProcess shell = Shell("echo first; echo second >&2; exec sleep 100");

        Assert.Equal("second", await shell.WaitForLineAsync("sec", Soon));
        Assert.Equal("first", await shell.WaitForLineAsync("first", Soon));
        Assert.Contains("first", shell.Log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_program_that_ends_early_fails_the_wait_with_its_output()
    {
        await using ServiceProcess shell = Shell("echo no such database; exit 3");

        var error = await Assert.ThrowsAsync<InvalidOperationException>(() => shell.WaitForLineAsync("listening", Soon));

        Assert.Contains("no such database", error.Message, StringComparison.Ordinal);
        Assert.Equal(3, await shell.WaitForExitAsync(Soon));
    }

    [Fact]
    public async Task A_service_that_ends_before_it_is_ready_fails_with_its_output()
    {
        var nowhere = new Uri($"http://127.0.0.1:{FreePort.Next()}");
        await using ServiceProcess shell = ServiceProcess.Start("/bin/sh", ["-c", "echo no key; exit 4"], address: nowhere);

        var error = await Assert.ThrowsAsync<InvalidOperationException>(() => shell.WaitUntilReadyAsync(Soon));

        Assert.Contains("code 4", error.Message, StringComparison.Ordinal);
        Assert.Contains("no key", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Environment_and_working_folder_are_those_given()
    {
        using var folder = new TemporaryFolder();
        var environment = new Dictionary<string, string?> { ["DPFAH_PROBE"] = "x y", ["HOME"] = null };

        await using ServiceProcess shell = ServiceProcess.Start(
            "/bin/sh", ["-c", "echo \"$PWD|$DPFAH_PROBE|${HOME-unset}\""], environment, folder.Path);

        Assert.Equal($"{folder.Path}|x y|unset", await shell.WaitForLineAsync("|", Soon));
    }

    [Fact]
    public async Task Kill_and_terminate_end_the_process_by_their_signals()
    {
        await using ServiceProcess killed = Shell("trap '' TERM; echo up; while :; do sleep 1; done");
        await using ServiceProcess terminated = Shell("trap 'echo bye; exit 5' TERM; echo up; while :; do sleep 0.1; done");
        await killed.WaitForLineAsync("up", Soon);
        await terminated.WaitForLineAsync("up", Soon);

        await killed.KillAsync();

        Assert.Equal(128 + 9, await killed.WaitForExitAsync(Soon));
        Assert.Equal(5, await terminated.TerminateAsync());
        Assert.Contains("bye", terminated.Log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_paused_process_stands_still_until_it_is_continued()
    {
        await using ServiceProcess shell = Shell("echo up; exec sleep 100");
        await shell.WaitForLineAsync("up", Soon);

        shell.Pause();
        Assert.Equal('T', await StateAsync(shell.Id, state => state == 'T'));

        shell.Continue();
        Assert.Equal('S', await StateAsync(shell.Id, state => state == 'S'));
    }

    [Fact]
    public async Task Resident_memory_is_that_of_the_process()
    {
        await using ServiceProcess shell = Shell("echo up; exec sleep 100");
        await shell.WaitForLineAsync("up", Soon);

        Assert.InRange(shell.ResidentBytes, 100_000, 100_000_000);
    }

    [Fact]
    public async Task Children_end_with_the_process_when_it_is_disposed()
    {
        ServiceProcess shell = Shell("sleep 100 & echo child $!; wait");
        int child = int.Parse((await shell.WaitForLineAsync("child", Soon))["child ".Length..]);

        await shell.DisposeAsync();

        char? state = await StateAsync(child, state => state is null or 'Z');
        Assert.True(state is null or 'Z', $"The child's state is {state}.");
    }

    private static ServiceProcess Shell(string script) => ServiceProcess.Start("/bin/sh", ["-c", script]);

    /// <summary>The state letter of a process in <c>/proc</c>, null when there is none, once it satisfies the condition.</summary>
    private static async Task<char?> StateAsync(int processId, Func<char?, bool> isWanted)
    {
        using var pause = new PeriodicTimer(TimeSpan.FromMilliseconds(10));
        char? state;
        int tries = 0;
        do
        {
            string file = $"/proc/{processId}/stat";
            state = File.Exists(file) ? (await File.ReadAllTextAsync(file)).Split(") ")[1][0] : null;
        }
        while (!isWanted(state) && ++tries < 1000 && await pause.WaitForNextTickAsync());

        return state;
    }
}
