using System.Net;
using Dpfah.FunctionalTests.Hosting;
using Dpfah.FunctionalTests.Infrastructure;

namespace Dpfah.FunctionalTests.Restarts.Reference;

/// <summary>What happens to a service.</summary>
internal enum Disturbance
{
    /// <summary><c>kill -9</c>.</summary>
    Kill,

    /// <summary>It is asked to end.</summary>
    Stop,

    /// <summary>Its database crashes and comes again; the service lives on.</summary>
    DatabaseCrash,

    /// <summary>Both.</summary>
    CrashOfBoth,
}

/// <summary>The time between two disturbances.</summary>
internal sealed class Life(ApiClient client)
{
    private readonly TaskCompletionSource next = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile bool disturbed;

    /// <summary>The service's client.</summary>
    public ApiClient Client { get; } = client;

    /// <summary>Whether it is ending, so that answers may be lost.</summary>
    public bool Disturbed => disturbed;

    /// <summary>Completes when the next one has begun.</summary>
    public Task Next => next.Task;

    public void Disturb() => disturbed = true;

    /// <param name="failure">Why there is no other life; null when there is.</param>
    public void End(Exception? failure = null)
    {
        if (failure is null)
        {
            next.TrySetResult();
        }
        else
        {
            next.TrySetException(failure);
        }
    }
}

/// <summary>A service that is disturbed again and again, under the clients that use it.</summary>
/// <param name="database">Its database.</param>
/// <param name="server">The server of that; null for a file.</param>
internal sealed class ServiceLives(TestDatabase database, PostgresCluster? server) : IAsyncDisposable
{
    // A killed worker's job is taken over after the lease.
    private static readonly Dictionary<string, string?> Settings = new() { ["Dpfah__JobLease"] = "00:00:03" };

    private readonly List<ApiClient> clients = [];
    private ServiceProcess? service;
    private volatile Life? current;

    /// <summary>Starts the service.</summary>
    public async Task StartAsync()
    {
        service = HostProcess.Start(database, Settings);
        await service.WaitUntilReadyAsync();
        clients.Add(new ApiClient(service.BaseAddress));
        current = new Life(clients[^1]);
    }

    /// <summary>The life that is not disturbed, once there is one.</summary>
    public async Task<Life> WaitAsync()
    {
        Life now;
        while ((now = current!).Disturbed)
        {
            await now.Next;
        }

        return now;
    }

    /// <summary>Disturbs the service and waits until it is as before.</summary>
    public async Task DisturbAsync(Disturbance kind)
    {
        Life old = current!;
        old.Disturb();
        try
        {
            if (kind == Disturbance.Stop)
            {
                Assert.Equal(0, await service!.TerminateAsync());
            }
            else if (kind != Disturbance.DatabaseCrash)
            {
                await service!.KillAsync();
            }

            if (kind is Disturbance.DatabaseCrash or Disturbance.CrashOfBoth)
            {
                await server!.CrashAsync();
                await server.StartAsync();
            }

            if (kind == Disturbance.DatabaseCrash)
            {
                await Eventually.BecomesAsync(() => old.Client.GetAsync("/health/ready"), ready => ready.Status == HttpStatusCode.OK, ready => ready.Text);
                current = new Life(old.Client);
            }
            else
            {
                await service!.DisposeAsync();
                await StartAsync();
            }

            old.End();
        }
        catch (Exception error)
        {
            old.End(error);
            throw;
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        clients.ForEach(client => client.Dispose());
        if (service is not null)
        {
            await service.DisposeAsync();
        }
    }
}
