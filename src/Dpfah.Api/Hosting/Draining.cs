using Dpfah.Engine.Hosting;

namespace Dpfah.Api.Hosting;

/// <summary>
/// The first part of a stop: the service says that it is not ready and goes on to answer, so that who sends requests here hears of it
/// before the door is closed. Then what has begun is answered, and the process ends.
/// </summary>
internal sealed class Draining : IHostedLifecycleService
{
    /// <summary>How long all of a stop may take: what has not been answered by then is cut off.</summary>
    public static readonly TimeSpan StopTimeout = TimeSpan.FromSeconds(27);

    /// <summary>The longest delay: it leaves requests some seconds.</summary>
    public static readonly TimeSpan MostDelay = TimeSpan.FromSeconds(20);

    private readonly ServiceOptions options;

    public Draining(ServiceOptions options, ServiceState state, IHostApplicationLifetime lifetime)
    {
        this.options = options;
        lifetime.ApplicationStopping.Register(state.ReportStopping);
    }

    /// <inheritdoc/>
    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        try
        {
            await Task.Delay(options.DrainDelay, cancellationToken);
        }
        catch (OperationCanceledException)
        {
            // The time for the whole stop is up.
        }
    }

    /// <inheritdoc/>
    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}

/// <summary>Sends clients away from a service that stops.</summary>
internal static class DrainingRule
{
    /// <summary>While the service stops, each answer closes its connection: the next request of its client finds another node.</summary>
    public static void UseDraining(this IApplicationBuilder app)
    {
        ServiceState state = app.ApplicationServices.GetRequiredService<ServiceState>();
        app.Use((context, next) =>
        {
            if (state.IsStopping && HttpProtocol.IsHttp11(context.Request.Protocol))
            {
                // At the very last: an error's answer begins with no headers.
                context.Response.OnStarting(static response => Close((HttpResponse)response), context.Response);
            }

            return next(context);
        });
    }

    private static Task Close(HttpResponse response)
    {
        response.Headers.Connection = "close";
        return Task.CompletedTask;
    }
}
