using System;
using Microsoft.EntityFrameworkCore.Migrations;
using Npgsql.EntityFrameworkCore.PostgreSQL.Metadata;

#nullable disable

namespace Dpfah.Engine.Data.Migrations.Postgres
{
    /// <inheritdoc />
    public partial class Audit : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            // Of pictures that were deleted: from now on these go with their picture.
            migrationBuilder.Sql("DELETE FROM duplicate_members WHERE NOT EXISTS (SELECT 1 FROM items WHERE number = duplicate_members.item_number)");

            migrationBuilder.CreateTable(
                name: "audit",
                columns: table => new
                {
                    id = table.Column<long>(type: "bigint", nullable: false)
                        .Annotation("Npgsql:ValueGenerationStrategy", NpgsqlValueGenerationStrategy.IdentityByDefaultColumn),
                    at = table.Column<DateTime>(type: "timestamp with time zone", nullable: false),
                    who = table.Column<string>(type: "text", nullable: false),
                    action = table.Column<string>(type: "text", nullable: false),
                    collection = table.Column<string>(type: "text", nullable: true),
                    subject = table.Column<string>(type: "text", nullable: false),
                    job_id = table.Column<long>(type: "bigint", nullable: true),
                    before = table.Column<string>(type: "text", nullable: true),
                    after = table.Column<string>(type: "text", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_audit", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "figure_pictures",
                columns: table => new
                {
                    model_id = table.Column<int>(type: "integer", nullable: false),
                    kind = table.Column<string>(type: "text", nullable: false),
                    item_number = table.Column<long>(type: "bigint", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_figure_pictures", x => new { x.model_id, x.kind, x.item_number });
                    table.ForeignKey(
                        name: "FK_figure_pictures_items_item_number",
                        column: x => x.item_number,
                        principalTable: "items",
                        principalColumn: "number",
                        onDelete: ReferentialAction.Cascade);
                    table.ForeignKey(
                        name: "FK_figure_pictures_models_model_id",
                        column: x => x.model_id,
                        principalTable: "models",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateIndex(
                name: "IX_duplicate_members_item_number",
                table: "duplicate_members",
                column: "item_number");

            migrationBuilder.CreateIndex(
                name: "IX_audit_at",
                table: "audit",
                column: "at");

            migrationBuilder.CreateIndex(
                name: "IX_audit_collection_id",
                table: "audit",
                columns: new[] { "collection", "id" });

            migrationBuilder.CreateIndex(
                name: "IX_figure_pictures_item_number",
                table: "figure_pictures",
                column: "item_number");

            migrationBuilder.AddForeignKey(
                name: "FK_duplicate_members_items_item_number",
                table: "duplicate_members",
                column: "item_number",
                principalTable: "items",
                principalColumn: "number",
                onDelete: ReferentialAction.Cascade);

            // Whoever wants to shorten the audit drops what refuses it first: the service itself cannot.
            migrationBuilder.Sql(
                """
                CREATE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
                BEGIN
                    RAISE EXCEPTION 'The audit is append-only: % refused.', TG_OP;
                END $$;
                CREATE TRIGGER audit_append_only BEFORE UPDATE OR DELETE ON audit FOR EACH ROW EXECUTE FUNCTION audit_refuse();
                CREATE TRIGGER audit_not_emptied BEFORE TRUNCATE ON audit FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse();
                """);

            // What they show was not noted so far, so that they could not go with their pictures: an evaluation draws them anew.
            migrationBuilder.Sql(
                """
                DELETE FROM figures WHERE (name LIKE 'tsne.%' OR name LIKE 'top10.%')
                    AND model_id IN (SELECT model_id FROM evaluations WHERE target LIKE '%of collection ''%');
                """);
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropForeignKey(
                name: "FK_duplicate_members_items_item_number",
                table: "duplicate_members");

            migrationBuilder.DropTable(
                name: "audit");

            migrationBuilder.DropTable(
                name: "figure_pictures");

            migrationBuilder.DropIndex(
                name: "IX_duplicate_members_item_number",
                table: "duplicate_members");

            migrationBuilder.Sql("DROP FUNCTION audit_refuse()");
        }
    }
}
