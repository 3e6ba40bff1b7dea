using Dpfah.Api.Hosting;
using Dpfah.TestHost;
using Microsoft.AspNetCore.Builder;

// The service with the constant-time encoder in place of the network: all else is the real thing.
await using WebApplication app = ApiHost.Build(args, HashEncoding.Add);
await app.RunAsync();
