using System.Data.Common;
using System.Net.Sockets;
using Dpfah.Core.Imaging;
using Dpfah.Engine.Blobs;
using Dpfah.Engine.Catalogue;
using Dpfah.Engine.Decoding;
using Dpfah.Engine.Hosting;
using Dpfah.Engine.Search.Shards;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore.Storage;

namespace Dpfah.Api.Http;

/// <summary>Turns exceptions into problem details. Only what nobody expected is logged as an error.</summary>
internal sealed partial class ProblemHandler(ILogger<ProblemHandler> logger) : IExceptionHandler
{
    private const int RetryAfterSeconds = 2;
    private const int SpoolRetryAfterSeconds = 60;

    public async ValueTask<bool> TryHandleAsync(HttpContext httpContext, Exception exception, CancellationToken cancellationToken)
    {
        if (exception is OperationCanceledException && httpContext.RequestAborted.IsCancellationRequested)
        {
            // Nobody is there to hear the answer.
            httpContext.Response.StatusCode = StatusCodes.Status499ClientClosedRequest;
            return true;
        }

        ProblemHttpResult problem = exception switch
        {
            BadHttpRequestException { StatusCode: StatusCodes.Status413PayloadTooLarge } => Problems.TooLarge(Hosting.ApiLimits.BodyLimit(httpContext)),
            BadHttpRequestException { StatusCode: StatusCodes.Status408RequestTimeout } => Problems.TooSlow(),
            BadHttpRequestException bad => Problems.BadBody(bad.Message),
            NotReadyException notReady => Problems.NotReady(notReady.Message),
            EncoderBusyException busy => Problems.EncoderBusy(busy.Message),
            DecodersUnavailableException unavailable => Problems.DecodersUnavailable(unavailable.Message),
            ShardedCollectionException sharded => Problems.Sharded(sharded),
            QuotaExceededException full => Problems.QuotaExceeded(full.Message),
            SpoolFullException full => Problems.SpoolFull(full.Message),
            _ when DiskSpace.IsFull(exception) => Problems.DiskFull(), // Before the next: PostgreSQL's counts as one that passes by itself.
            _ when IsDatabaseDown(exception) => Problems.DatabaseDown(),
            _ => Problems.Internal(httpContext.TraceIdentifier),
        };
        if (exception is SpoolFullException)
        {
            httpContext.Response.Headers.RetryAfter = SpoolRetryAfterSeconds.ToString();
            LogSpoolFull(httpContext.Request.Method, httpContext.Request.Path, exception.Message);
        }
        else if (problem.StatusCode == StatusCodes.Status507InsufficientStorage)
        {
            LogDiskFull(httpContext.Request.Method, httpContext.Request.Path, exception.GetBaseException().Message);
        }
        else if (problem.StatusCode == StatusCodes.Status503ServiceUnavailable)
        {
            double seconds = exception switch
            {
                EncoderBusyException busy => busy.RetryAfter.TotalSeconds,
                DecodersUnavailableException unavailable => unavailable.RetryAfter.TotalSeconds,
                _ => RetryAfterSeconds,
            };
            httpContext.Response.Headers.RetryAfter = Math.Max(1, (int)Math.Ceiling(seconds)).ToString();
            LogUnavailable(httpContext.Request.Method, httpContext.Request.Path, exception.GetBaseException().Message);
        }
        else if (problem.StatusCode >= StatusCodes.Status500InternalServerError)
        {
            LogUnexpected(exception, httpContext.TraceIdentifier, httpContext.Request.Method, httpContext.Request.Path);
        }

        await problem.ExecuteAsync(httpContext);
        return true;
    }

    private static bool IsDatabaseDown(Exception exception) =>
        exception is RetryLimitExceededException or DbException { IsTransient: true }
        || exception.GetBaseException() is SocketException or DbException { IsTransient: true };

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Method} {Path} was answered 503: {Reason}")]
    private partial void LogUnavailable(string method, PathString path, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Method} {Path} was answered 507: {Reason}")]
    private partial void LogSpoolFull(string method, PathString path, string reason);

    [LoggerMessage(Level = LogLevel.Error, Message = "{Method} {Path} was answered 507, the disk is full: {Reason}")]
    private partial void LogDiskFull(string method, PathString path, string reason);

    [LoggerMessage(Level = LogLevel.Error, Message = "Trace {TraceId}: {Method} {Path} failed")]
    private partial void LogUnexpected(Exception exception, string traceId, string method, PathString path);
}
