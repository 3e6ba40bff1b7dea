using Dpfah.Engine.Jobs;

namespace Dpfah.TestHost;

/// <summary>A job that counts, one transaction a step: for tests that stop, kill and cancel workers.</summary>
internal sealed class CountingJob : IJobHandler
{
    /// <summary>Name of the kind.</summary>
    public const string Name = "counting";

    public string Kind => Name;

    public async Task<string?> RunAsync(JobRun run, CancellationToken cancellationToken)
    {
        Order order = run.ReadRequest<Order>();
        for (int step = run.ReadCheckpoint<int>(); step < order.Steps; step++)
        {
            await Task.Delay(order.PauseMs, cancellationToken);
            if (step == order.FailAt && run.Attempt <= order.Failures)
            {
                throw order.Final ? new JobFailedException("It cannot be done.") : new InvalidOperationException("It did not work this time.");
            }

            int next = step + 1;
            await run.ReportAsync(
                progress =>
                {
                    progress.Count(1, next % 3 == 0 ? 0 : 1);
                    if (next % 3 == 0)
                    {
                        progress.Reject($"item {next}", "third", $"Item {next} is a third one.");
                    }

                    progress.SetStage("counting", next, order.Steps);
                    progress.SetCheckpoint(next);
                    progress.Metric(new { step = next, worker = Environment.ProcessId });
                },
                cancellationToken);
        }

        return "{\"counted\":" + order.Steps + "}";
    }

    /// <summary>What is asked for.</summary>
    /// <param name="Steps">Steps to count.</param>
    /// <param name="PauseMs">Before each step, in milliseconds.</param>
    /// <param name="FailAt">The step that fails.</param>
    /// <param name="Failures">Attempts that fail there.</param>
    /// <param name="Final">Whether it fails for good.</param>
    internal sealed record Order(int Steps, int PauseMs = 0, int FailAt = -1, int Failures = 0, bool Final = false);
}
